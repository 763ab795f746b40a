#define _GNU_SOURCE /* gmtime_r */
#include "catalog.h"

#include <string.h>
#include <time.h>

#include "../../operator/base/fields.h"
#include "../../operator/base/jb.h"

enum { DAY = 86400, EPOCH_WEEKDAY = 3 /* 1970-01-01 was a Thursday; weeks begin on Monday */ };

void catalog_put(struct catalog *catalog, struct version version)
{
    if (version.name && version.digest && catalog->count < MAX_VERSIONS)
        catalog->items[catalog->count++] = version;
}

const struct version *catalog_latest(const struct catalog *catalog)
{
    for (int i = 0; catalog->latest && i < catalog->count; i++)
        if (strcmp(catalog->items[i].name, catalog->latest) == 0)
            return &catalog->items[i];
    return NULL;
}

static struct version *find(struct catalog *catalog, const char *digest)
{
    for (int i = 0; i < catalog->count; i++)
        if (strcmp(catalog->items[i].digest, digest) == 0)
            return &catalog->items[i];
    return NULL;
}

bool catalog_lists(const struct catalog *catalog, const char *digest)
{
    const struct version *version = find((struct catalog *)catalog, digest);

    return version && !version->removing;
}

const struct version *catalog_add(struct catalog *catalog, struct version like)
{
    struct version *version = find(catalog, like.digest);

    if (!version) {
        if (catalog->count == MAX_VERSIONS)
            return NULL;
        like.name = arena_printf(catalog->arena, "v%d", catalog->next++);
        version = &catalog->items[catalog->count++];
        *version = like;
    }
    version->removing = false;
    catalog->latest = version->name;
    return version;
}

/* -- retention ----------------------------------------------------------------------------------------------------- */

static int64_t day_of(int64_t time)
{
    return time / DAY;
}

static int64_t week_of(int64_t time)
{
    return (time / DAY + EPOCH_WEEKDAY) / 7;
}

static int64_t month_of(int64_t time)
{
    struct tm tm;

    gmtime_r(&(time_t){ time }, &tm);
    return (int64_t)tm.tm_year * 12 + tm.tm_mon;
}

/* The newest version of each of the newest `most` periods that have one. */
static void keep_periods(const struct catalog *catalog, int most, int64_t (*period)(int64_t time), bool *keep)
{
    int64_t last = INT64_MIN;

    for (int i = catalog->count - 1; i >= 0 && most > 0; i--) {
        if (period(catalog->items[i].created_at) == last)
            continue;
        last = period(catalog->items[i].created_at);
        keep[i] = true;
        most--;
    }
}

static void find_kept(const struct catalog *catalog, const struct retention *rules, int64_t now, bool *keep)
{
    for (int i = 0; i < catalog->count; i++) {
        const struct version *version = &catalog->items[i];

        keep[i] = rules->keeps_all || i >= catalog->count - rules->last ||
                  (catalog->latest && strcmp(catalog->latest, version->name) == 0) ||
                  now - version->created_at < rules->min_age_seconds;
    }
    keep_periods(catalog, rules->daily, day_of, keep);
    keep_periods(catalog, rules->weekly, week_of, keep);
    keep_periods(catalog, rules->monthly, month_of, keep);
}

void catalog_mark(
    struct catalog *catalog, const struct retention *rules, int64_t now, version_is_root *is_root, const void *context)
{
    bool keep[MAX_VERSIONS] = { false };

    find_kept(catalog, rules, now, keep);
    for (int i = 0; i < catalog->count; i++)
        if (!keep[i] && !is_root(context, &catalog->items[i]))
            catalog->items[i].removing = true;
}

int64_t catalog_next_look(const struct catalog *catalog, const struct retention *rules, int64_t now)
{
    int64_t next = 0;

    for (int i = 0; i < catalog->count && !rules->keeps_all; i++) {
        int64_t at = catalog->items[i].created_at + rules->min_age_seconds;

        if (at > now && (!next || at < next))
            next = at;
    }
    return next;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static json_t *text(const char *value)
{
    return value && *value ? jb_str(value) : NULL;
}

static json_t *maker_status(const struct version *version)
{
    if (!version->maker_kind)
        return NULL;
    return OBJ({ "kind", jb_str(version->maker_kind) },
               { "name", text(version->maker_name) },
               { "uid", text(version->maker_uid) },
               { "attempt", version->attempt ? jb_int(version->attempt) : NULL });
}

static json_t *data_status(const struct version *version)
{
    json_t *data = version->data_count ? json_array() : NULL;

    for (size_t i = 0; i < version->data_count; i++)
        jb_append(data,
                  OBJ({ "dataSet", text(version->data[i].data_set) },
                      { "version", text(version->data[i].version) },
                      { "digest", text(version->data[i].digest) }));
    return data;
}

static json_t *version_status(const struct version *version, struct arena *arena)
{
    return OBJ({ "name", jb_str(version->name) },
               { "digest", jb_str(version->digest) },
               { "objects", jb_int(version->objects) },
               { "bytes", jb_int(version->bytes) },
               { "createdAt", jb_str(fields_format_time(arena, version->created_at)) },
               { "removing", version->removing ? json_true() : NULL },
               { "uri", text(version->uri) },
               { "producedBy", maker_status(version) },
               { "data", data_status(version) });
}

json_t *catalog_status(const struct catalog *catalog)
{
    json_t *versions = json_array();

    for (int i = 0; i < catalog->count; i++)
        if (!catalog->items[i].gone)
            jb_append(versions, version_status(&catalog->items[i], catalog->arena));
    return versions;
}
