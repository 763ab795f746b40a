#include "frame.h"

#include "net.h"

struct header {
    uint32_t kind, size;
};

int frame_send(int fd, enum frame_kind kind, const void *bytes, size_t size, int64_t deadline, struct error *err)
{
    struct header header = { kind, (uint32_t)size };

    if (net_send(fd, &header, sizeof(header), deadline, err) < 0)
        return -1;
    return net_send(fd, bytes, size, deadline, err);
}

/* Reads the sender's last words, as printable text. */
static int receive_failure(int fd, size_t size, int64_t deadline, struct error *err)
{
    char text[FRAME_TEXT_MAX + 1] = "";

    if (net_receive(fd, text, size, deadline, err) < 0)
        return -1;
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = '?';
    return error_set(err, EXIT_PEER, "%s", text);
}

int frame_receive(int fd, enum frame_kind kind, void *ret_bytes, size_t size, int64_t deadline, struct error *err)
{
    struct header header;

    if (net_receive(fd, &header, sizeof(header), deadline, err) < 0)
        return -1;
    if (header.kind == FRAME_FAILED && header.size <= FRAME_TEXT_MAX)
        return receive_failure(fd, header.size, deadline, err);
    if (header.kind != kind || header.size != size)
        return error_set(err, EXIT_FAULT, "an unexpected message");
    return net_receive(fd, ret_bytes, size, deadline, err);
}
