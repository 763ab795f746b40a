#include "result.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../operator/base/jb.h"
#include "../operator/base/memory.h"

enum { LONGEST = 1000, EXIT_MEND = 1, EXIT_USAGE = 2, EXIT_AGAIN = 75 /* EX_TEMPFAIL */ };

static const char termination_log[] = "/dev/termination-log";

static json_t *count(uint64_t value)
{
    return jb_int((int64_t)value);
}

static json_t *success(const struct result *result)
{
    return OBJ({ "digest", *result->digest ? jb_str(result->digest) : NULL },
               { "objects", count(result->objects) },
               { "bytes", count(result->bytes) },
               { "fetched", count(result->fetched) },
               { "fetchedBytes", count(result->fetched_bytes) },
               { "added", count(result->added) },
               { "removed", count(result->removed) },
               { "changed", count(result->changed) },
               { "skippedMarkers", count(result->skipped_markers) },
               { "seconds", jb_int(time(NULL) - result->started_at) },
               { "uri", *result->uri && strlen(result->uri) < 400 ? jb_str(result->uri) : NULL });
}

static char *dump_result(const struct result *result, const struct failure *failure)
{
    json_auto_t *value =
        failure ? OBJ({ "reason", jb_str(reason_name(failure->reason)) }, { "message", jb_str(failure->message) })
                : success(result);

    return jb_dump(value, false);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");

    if (!file || fputs(text, file) < 0)
        fprintf(stderr, "kitae-agent: the result cannot be written to %s\n", path);
    if (file)
        fclose(file);
}

int result_write(const struct result *result, const struct failure *failure, const char *path)
{
    auto_free char *text = dump_result(result, failure);

    if (!path && access(termination_log, W_OK) == 0)
        path = termination_log;
    if (path)
        write_file(path,
                   strlen(text) <= LONGEST ? text : "{\"reason\":\"ServerError\",\"message\":\"too long to tell\"}");
    if (failure)
        fprintf(stderr, "kitae-agent: %s: %s\n", reason_name(failure->reason), failure->message);
    else
        printf("%s\n", text);
    if (!failure)
        return 0;
    return failure->reason == REASON_INVALID_OPTIONS ? EXIT_USAGE
           : reason_is_transient(failure->reason)    ? EXIT_AGAIN
                                                     : EXIT_MEND;
}

int command_run(struct option *options, int argc, char **argv, const char *usage, command_body *body)
{
    struct result result = { .started_at = time(NULL) };
    int parsed = options_parse(options, argc, argv, usage), done;
    struct failure failure;

    if (parsed)
        return parsed == 1 ? 0 : parsed;
    done = body(&result, &failure);
    return result_write(&result, done < 0 ? &failure : NULL, option_named(options, "result")->text);
}
