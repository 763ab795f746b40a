#pragma once
/* Secrets from files and texts, checked for what they will be used for. Messages name files and never quote secrets. */

#include "../base/error.h"

/* Whether text may be the value of a request header: no control characters, not empty, at most KUBE_MAX_HEADER. */
int secret_check_header(const char *text, struct error *err) must_check;

/* The token in a file, without the white space around it; the caller frees it. */
int secret_read_token(const char *path, char **ret, struct error *err) must_check;

/* The text of a file with certificates or a key, not checked further; the caller frees it. */
int secret_read_pem(const char *path, char **ret, struct error *err) must_check;
