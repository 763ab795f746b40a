#include "catalog.h"

#include <stdlib.h>
#include <string.h>

#include "../../operator/base/fields.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"

enum { DAY = 86400, EPOCH_WEEKDAY = 3 /* 1970-01-01 was a Thursday; weeks begin on Monday */ };

/* -- reading ------------------------------------------------------------------------------------------------------- */

struct catalog_status {
    const struct version *versions;
    size_t count;
    int64_t next;
    bool has_next;
    const char *latest;
};

#define MEMBER(key, kind, member, ...)                                                                                 \
    {                                                                                                                  \
        key, kind, offsetof(struct version, member), ##__VA_ARGS__                                                     \
    }

static const struct field version_fields[] = {
    MEMBER("name", FIELD_STRING, name),
    MEMBER("digest", FIELD_STRING, digest),
    MEMBER("objects", FIELD_INT, objects, offsetof(struct version, has_objects)),
    MEMBER("bytes", FIELD_INT, bytes, offsetof(struct version, has_bytes)),
    MEMBER("createdAt", FIELD_TIME, created_at),
    MEMBER("removing", FIELD_BOOL, removing, offsetof(struct version, has_removing)),
};
static const struct fields version_type = {
    version_fields, ARRAY_SIZE(version_fields), sizeof(struct version), .open = true
};

static const struct field status_fields[] = {
    { "versions",
      FIELD_LIST,
      offsetof(struct catalog_status, versions),
      offsetof(struct catalog_status, count),
      &version_type },
    { "nextVersion", FIELD_INT, offsetof(struct catalog_status, next), offsetof(struct catalog_status, has_next) },
    { "latest", FIELD_STRING, offsetof(struct catalog_status, latest) },
};
static const struct fields status_type = {
    status_fields, ARRAY_SIZE(status_fields), sizeof(struct catalog_status), .open = true
};

void catalog_read(const struct observed *in, struct catalog *ret)
{
    const struct catalog_status *status = object_part(&status_type, in->self->status, in->arena);

    *ret = (struct catalog){ .arena = in->arena, .next = 1 };
    if (!status)
        return;
    ret->next = status->has_next ? (int)status->next : 1;
    ret->latest = status->latest;
    for (size_t i = 0; i < status->count && ret->count < MAX_VERSIONS; i++)
        if (status->versions[i].name && status->versions[i].digest)
            ret->items[ret->count++] = status->versions[i];
}

const struct version *catalog_find(const struct catalog *catalog, const char *name)
{
    for (int i = 0; i < catalog->count; i++)
        if (strcmp(catalog->items[i].name, name) == 0)
            return &catalog->items[i];
    return NULL;
}

const struct version *catalog_latest(const struct catalog *catalog)
{
    return catalog->latest ? catalog_find(catalog, catalog->latest) : NULL;
}

struct version *catalog_find_content(struct catalog *catalog, const char *digest)
{
    for (int i = 0; i < catalog->count; i++)
        if (strcmp(catalog->items[i].digest, digest) == 0 && !catalog->items[i].removing)
            return &catalog->items[i];
    return NULL;
}

struct version *catalog_add(struct catalog *catalog, struct version like)
{
    struct version *version = catalog_find_content(catalog, like.digest);

    if (!version) {
        if (catalog->count == MAX_VERSIONS)
            return NULL;
        version = &catalog->items[catalog->count++];
        *version = like;
        version->name = arena_printf(catalog->arena, "v%d", catalog->next++);
    }
    catalog->latest = version->name;
    return version;
}

/* -- retention ----------------------------------------------------------------------------------------------------- */

/* Days since 1970 to a number that is the same within one month (the civil calendar, after Howard Hinnant). */
static int64_t month_of(int64_t day)
{
    int64_t shifted = day + 719468, era = shifted / 146097, of_era = shifted % 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);

    return (era * 400 + year_of_era) * 12 + (5 * of_year + 2) / 153; /* years from March */
}

static int64_t day_of(int64_t time)
{
    return time / DAY;
}

static int64_t week_of(int64_t time)
{
    return (time / DAY + EPOCH_WEEKDAY) / 7;
}

static int64_t month_at(int64_t time)
{
    return month_of(time / DAY);
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
    keep_periods(catalog, rules->monthly, month_at, keep);
}

int catalog_mark(
    struct catalog *catalog, const struct retention *rules, int64_t now, version_is_root *is_root, const void *context)
{
    bool keep[MAX_VERSIONS + 1] = { false };
    int marked = 0;

    find_kept(catalog, rules, now, keep);
    for (int i = 0; i < catalog->count; i++) {
        struct version *version = &catalog->items[i];

        if (!keep[i] && !is_root(context, version))
            version->removing = true;
        marked += version->removing;
    }
    return marked;
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

static json_t *new_entry(const struct catalog *catalog, struct version *version)
{
    json_t *entry = OBJ({ "name", jb_str(version->name) },
                        { "digest", jb_str(version->digest) },
                        { "objects", jb_int(version->objects) },
                        { "bytes", jb_int(version->bytes) },
                        { "createdAt", jb_str(fields_format_time(catalog->arena, version->created_at)) });

    if (version->more)
        json_object_update(entry, version->more);
    json_decref(take(version->more));
    return entry;
}

json_t *catalog_status(struct catalog *catalog, const struct observed *in)
{
    json_t *versions = json_array();
    json_auto_t *before = NULL;
    struct error err;

    if (in->self->status.data && jb_parse(in->self->status, &before, &err) < 0)
        before = NULL;
    for (int i = 0; i < catalog->count; i++) {
        struct version *version = &catalog->items[i];
        const json_t *was = jb_named(jb_get(before, "versions"), version->name);
        json_t *entry;

        if (version->gone)
            continue;
        entry = was ? jb_copy(was) : new_entry(catalog, version);
        jb_set(entry, "removing", version->removing ? json_true() : NULL);
        jb_append(versions, entry);
    }
    return versions;
}
