#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../operator/base/memory.h"

volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

void catch_interrupts(void)
{
    signal(SIGTERM, interrupt);
    signal(SIGINT, interrupt);
}

/* "200Mi", "1000000", "5M". */
static int read_rate(const char *text, uint64_t *ret, struct failure *failure)
{
    static const struct {
        const char *unit;
        uint64_t factor;
    } units[] = { { "", 1 },
                  { "k", 1000 },
                  { "M", 1000000 },
                  { "G", 1000000000 },
                  { "Ki", 1024 },
                  { "Mi", 1024 * 1024 },
                  { "Gi", 1024ULL * 1024 * 1024 } };
    char *unit;

    *ret = text ? strtoull(text, &unit, 10) : 0;
    for (size_t i = 0; text && i < ARRAY_SIZE(units); i++)
        if (*text >= '0' && *text <= '9' && strcmp(unit, units[i].unit) == 0 && *ret &&
            *ret < UINT64_MAX / units[i].factor) {
            *ret *= units[i].factor;
            return 0;
        }
    return text ? failure_set(failure,
                              REASON_INVALID_OPTIONS,
                              "--max-bytes-per-second %.40s: write bytes above 0, such as 1000000 or 200Mi",
                              text)
                : 0;
}

static int open_bucket(struct source *source, struct option *options, struct failure *failure)
{
    struct s3_settings settings = { .location = &source->location, .interrupted = &interrupted };

    if (read_rate(option_named(options, "max-bytes-per-second")->text, &settings.max_bytes_per_second, failure) < 0)
        return -1;
    settings.connections = (unsigned)option_named(options, "connections")->number;
    source->s3 = s3_create(&settings, failure);
    return source->s3 ? 0 : -1;
}

/* A prefix is a folder: "images" means "images/", and never "images2/...". */
static void set_prefix(struct source *source)
{
    size_t length = strlen(source->location.prefix);

    source->prefix = xcalloc(1, length + 2);
    memcpy(source->prefix, source->location.prefix, length);
    if (length && source->prefix[length - 1] != '/')
        source->prefix[length] = '/';
}

int source_open(struct source *source, struct option *options, const char *uri, struct failure *failure)
{
    struct s3_location_options where = { .uri = uri,
                                         .region = option_named(options, "region")->text,
                                         .endpoint = option_named(options, "endpoint")->text,
                                         .addressing = option_named(options, "addressing")->text,
                                         .ca_file = option_named(options, "ca-file")->text,
                                         .anonymous = option_named(options, "anonymous")->on };

    catch_interrupts();
    if (s3_location_init(&source->location, &where, failure) < 0 || open_bucket(source, options, failure) < 0)
        return -1;
    set_prefix(source);
    return 0;
}

void source_close(struct source *source)
{
    s3_destroy(source->s3);
    s3_location_finish(&source->location);
    free(source->prefix);
    *source = (struct source){ 0 };
}

int source_select(struct selection *selection, struct option *options, struct failure *failure)
{
    const struct option *partitions = option_named(options, "partition");

    *selection = (struct selection){ .include = option_named(options, "include")->list,
                                     .exclude = option_named(options, "exclude")->list };
    for (size_t i = 0; i < partitions->list_count; i++)
        if (selection_add_partition(selection, partitions->list[i], failure) < 0)
            return -1;
    return 0;
}
