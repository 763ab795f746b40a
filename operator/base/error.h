#pragma once
/*
 * The one error idiom. A fallible function takes `struct error *err` last and returns 0 or -1. The struct lives on
 * the caller's stack and owns nothing; it is touched only on failure, and outputs (`ret_x`) only on success. Its kinds
 * are the cases the engine must tell apart, no more.
 */

enum error_kind {
    ERROR_NONE,
    ERROR_TRANSIENT, /* try again later: the network, a 5xx, a 429 */
    ERROR_CONFLICT,  /* somebody else was first: read again, then decide again */
    ERROR_NOT_FOUND,
    ERROR_GONE,    /* a resource version that is too old: list again */
    ERROR_INVALID, /* the input must be changed by its author; retrying is pointless */
    ERROR_DENIED,  /* credentials, RBAC, quota or admission said no */
};

struct error {
    enum error_kind kind;
    char message[512]; /* one line, UTF-8, cut at the end when too long */
};

#define printf_like(text, first) __attribute__((format(printf, text, first)))
#define must_check               __attribute__((warn_unused_result))

/* Fills err and returns -1, so that a failure path is one line. err must not be NULL. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...) printf_like(3, 4);

/* Puts "context: " before the message of an error that is set, and returns -1. */
int error_wrap(struct error *err, const char *format, ...) printf_like(2, 3);

/* Reports a broken invariant of ours and aborts. Never for bad input. */
#define BUG(...) bug(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void bug(const char *file, int line, const char *format, ...) printf_like(3, 4);
