#pragma once
/* What goes to standard output or standard error meanwhile. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create; whoever includes other headers first defines it too */
#endif

#include <sys/mman.h>
#include <unistd.h>

#include "../../operator/base/strbuf.h"
#include "unit.h"

struct capture {
    int stream, was, file;
};

static inline struct capture capture_begin(int stream)
{
    struct capture capture = { stream, dup(stream), memfd_create("captured", 0) };

    assert_true(capture.was >= 0 && capture.file >= 0);
    fflush(NULL);
    dup2(capture.file, stream);
    return capture;
}

static inline void capture_end(struct capture *capture, struct strbuf *ret)
{
    char bytes[4096];
    ssize_t got;

    fflush(NULL);
    dup2(capture->was, capture->stream);
    close(capture->was);
    lseek(capture->file, 0, SEEK_SET);
    while ((got = read(capture->file, bytes, sizeof(bytes))) > 0)
        strbuf_append(ret, bytes, (size_t)got);
    close(capture->file);
}
