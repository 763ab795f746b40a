#pragma once
/*
 * Checks of certificates and keys in PEM form, so that a bad one is reported with its place in the configuration and
 * not as a failed handshake, and a half-rotated pair is never taken. Messages never quote them.
 */

#include <stdbool.h>

#include "../base/error.h"

/* A bundle of one or more certificates, every one of them readable: libcurl refuses a bundle with a damaged one. */
int pem_check_bundle(const char *text, struct error *err) must_check;

/* A client certificate, first in its chain, and the key that belongs to it. Keys under a password are refused. */
int pem_check_pair(const char *certificate, const char *key, struct error *err) must_check;

/* Whether a readable certificate's time is over, by this machine's clock; "Nov 22 14:19:38 2026 GMT" in ret_end then.
 */
bool pem_has_expired(const char *certificate, char ret_end[static 32]);
