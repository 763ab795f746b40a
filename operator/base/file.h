#pragma once
/* Reading a file as a whole, once, with a limit. */

#include "error.h"
#include "strbuf.h"

/*
 * Reads what is at path to the end of `ret`; at most ret->maximum bytes. Pipes are read until they are closed, so that
 * `--kubeconfig <(command)` works; folders and devices are refused. ERROR_NOT_FOUND when there is nothing at path,
 * ERROR_DENIED when it may not be read, else ERROR_INVALID. Messages name the path and never what is in it. On failure
 * `ret` may hold a part.
 */
int file_read(const char *path, struct strbuf *ret, struct error *err) must_check;
