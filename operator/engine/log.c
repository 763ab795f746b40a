#include "log.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../base/jb.h"
#include "../base/strbuf.h"

enum { MAX_VALUE = 2048 }; /* bytes of one text; servers and webhooks may say more */

static enum log_level lowest = LOG_INFO;
static enum log_format shape = LOG_LOGFMT;

void log_setup(enum log_level level, enum log_format format)
{
    lowest = level;
    shape = format;
}

static void add_escaped(struct strbuf *line, char byte)
{
    if (byte == '"' || byte == '\\')
        strbuf_addf(line, "\\%c", byte);
    else if (byte == '\n')
        strbuf_adds(line, "\\n");
    else if ((unsigned char)byte < 0x20)
        strbuf_addf(line, "\\u%04x", (unsigned char)byte);
    else
        strbuf_addc(line, byte);
}

/*
 * Appends text in quotes, with what would break a line or a quote escaped; valid in JSON and in logfmt. Texts may be
 * the first bytes of whatever a proxy answered, in any encoding: those that are not UTF-8 become U+FFFD.
 */
static void add_quoted(struct strbuf *line, const char *text)
{
    size_t length = strnlen(text, MAX_VALUE);
    json_auto_t *valid = jb_strn(text, length);

    strbuf_addc(line, '"');
    for (const char *at = json_string_value(valid); *at; at++)
        add_escaped(line, *at);
    strbuf_adds(line, text[length] ? "...\"" : "\"");
}

/* Needs no quotes in logfmt. */
static bool is_plain(const char *text)
{
    const char *at = text;

    for (; *at > ' ' && *at < 0x7f && at - text < MAX_VALUE; at++)
        if (*at == '"' || *at == '=' || *at == '\\')
            return false;
    return at > text && !*at;
}

static void add_key(struct strbuf *line, const struct log_key *key)
{
    if (shape == LOG_JSON)
        strbuf_addf(line, ",\"%s\":", key->key);
    else
        strbuf_addf(line, " %s=", key->key);
    if (!key->text)
        strbuf_addf(line, "%lld", (long long)key->number);
    else if (shape == LOG_LOGFMT && is_plain(key->text))
        strbuf_adds(line, key->text);
    else
        add_quoted(line, key->text);
}

static void add_time(struct strbuf *line)
{
    struct timespec now;
    struct tm tm;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    strbuf_addf(line, "%s.%03ldZ", text, now.tv_nsec / 1000000);
}

void log_line(enum log_level level, const char *message, const struct log_key *keys)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    auto_strbuf struct strbuf line = { 0 };

    if (level < lowest)
        return;
    strbuf_adds(&line, shape == LOG_JSON ? "{\"ts\":\"" : "ts=");
    add_time(&line);
    strbuf_addf(&line, shape == LOG_JSON ? "\",\"level\":\"%s\",\"msg\":" : " level=%s msg=", names[level]);
    add_quoted(&line, message);
    for (; keys->key; keys++)
        add_key(&line, keys);
    strbuf_adds(&line, shape == LOG_JSON ? "}\n" : "\n");
    if (write(STDERR_FILENO, strbuf_text(&line), line.length) < 0)
        return; /* nobody is left to be told */
}
