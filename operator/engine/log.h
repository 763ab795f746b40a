#pragma once
/*
 * One line a fact: `ts=... level=info msg="list finished" kind=pod objects=12`, or the same as JSON. The message is
 * constant, what varies goes into typed keys:
 *
 *     log_info("list finished", KV_STR("kind", name), KV_INT("objects", count));
 *
 * Only the engine, the driver, serve and main log; everything below returns errors. Thread-safe: a line is one write.
 */

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_OFF };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_key {
    const char *key;
    const char *text; /* NULL: the number counts */
    int64_t number;
};

static inline struct log_key log_text(const char *key, const char *text)
{
    return (struct log_key){ key, text ? text : "", 0 };
}

#define KV_STR(name, value) log_text((name), (value))
#define KV_INT(name, value) ((struct log_key){ (name), NULL, (int64_t)(value) })

void log_setup(enum log_level level, enum log_format format); /* before threads start; default: info, logfmt */
void log_line(enum log_level level, const char *message, const struct log_key *keys); /* keys end with key NULL */

#define log_at(level, message, ...)                                                                                    \
    log_line((level), (message), (struct log_key[]){ __VA_ARGS__ __VA_OPT__(, ){ NULL, NULL, 0 } })
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_info(...)  log_at(LOG_INFO, __VA_ARGS__)
#define log_warn(...)  log_at(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)
