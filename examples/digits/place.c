#include "place.h"

#include <stdlib.h>
#include <string.h>

/* Reads a whole number that must be there and in range. */
static int read_number(const char *name, int minimum, int maximum, int *ret_number, struct error *err)
{
    const char *text = getenv(name);
    char *end;
    long number;

    if (!text || !*text)
        return error_set(err, EXIT_USAGE, "the environment lacks %s", name);
    number = strtol(text, &end, 10);
    if (*end || number < minimum || number > maximum)
        return error_set(err, EXIT_USAGE, "%s is \"%s\", not a number from %d to %d", name, text, minimum, maximum);
    *ret_number = (int)number;
    return 0;
}

/* `size`, `rank`, `address` and `port` are the names of variables. */
static int read_place(const char *size,
                      const char *rank,
                      const char *address,
                      const char *port,
                      struct place *ret_place,
                      struct error *err)
{
    struct place place = { .address = getenv(address) };

    if (read_number(size, 1, PLACE_WORLD_MAX, &place.world, err) < 0 ||
        read_number(rank, 0, place.world - 1, &place.rank, err) < 0)
        return -1;
    if (place.world > 1 && read_number(port, 1, 65535, &place.port, err) < 0)
        return -1;
    if (place.rank > 0 && (!place.address || !*place.address))
        return error_set(err, EXIT_USAGE, "the environment lacks %s", address);
    *ret_place = place;
    return 0;
}

int place_from_environment(struct place *ret_place, struct error *err)
{
    const char *processes = getenv("PET_NPROC_PER_NODE");

    if (getenv("WORLD_SIZE"))
        return read_place("WORLD_SIZE", "RANK", "MASTER_ADDR", "MASTER_PORT", ret_place, err);
    if (!getenv("PET_NNODES")) {
        *ret_place = (struct place){ .world = 1 };
        return 0;
    }
    if (processes && strcmp(processes, "1") != 0)
        return error_set(
            err, EXIT_USAGE, "PET_NPROC_PER_NODE is \"%s\", but this program is one process per replica", processes);
    return read_place("PET_NNODES", "PET_NODE_RANK", "PET_MASTER_ADDR", "PET_MASTER_PORT", ret_place, err);
}
