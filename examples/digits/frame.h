#pragma once
/*
 * What ranks say to each other: a header of kind and size, then `size` bytes, in the byte order and the float format of
 * the machine; all replicas run one image. A frame is taken only where its kind and size are the expected ones, so
 * nothing from the network decides how much is read. It is not authenticated: like its models (gloo, NCCL), this
 * belongs on a cluster's own network.
 */

#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum frame_kind {
    FRAME_HELLO = 0x64670001, /* worker to master: struct frame_hello. The upper half tells our peers from strangers. */
    FRAME_START,              /* master to worker, empty: everybody is here */
    FRAME_SUM,                /* floats: a worker's part, and the master's sum of all parts */
    FRAME_SAME,               /* a checksum, and the master's own in return */
    FRAME_FAILED,             /* either way, in place of any other: why the sender ends, FRAME_TEXT_MAX at most */
};

enum { FRAME_TEXT_MAX = 200 };

struct frame_hello {
    uint64_t settings; /* a checksum: all ranks must train alike */
    uint32_t rank, world;
};

int frame_send(int fd, enum frame_kind kind, const void *bytes, size_t size, int64_t deadline, struct error *err);

/* Receives a frame of exactly this kind and size. A FRAME_FAILED instead is an EXIT_PEER with the sender's words. */
int frame_receive(int fd, enum frame_kind kind, void *ret_bytes, size_t size, int64_t deadline, struct error *err);
