#define _GNU_SOURCE /* stpcpy */
#include "object.h"

#include <errno.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/scan.h"
#include "object_fields.h"
#include "pod_summary.h"

static bool is(const char *text, const char *wanted)
{
    return text && strcmp(text, wanted) == 0;
}

static int parse_small_int(const char *text, int fallback)
{
    char *end;
    long value;

    if (!text || !*text)
        return fallback;
    errno = 0;
    value = strtol(text, &end, 10);
    return *end || errno || value < 0 || value > INT32_MAX ? fallback : (int)value;
}

/* A label can be copied by anybody; only below a controller that is no custom resource of ours it tells something. */
static void fill_owner(const struct wire_metadata *metadata, const struct wire_labels *labels, struct object *object)
{
    object->owner_kind = KIND_COUNT;
    for (size_t i = 0; i < metadata->owner_count; i++) {
        const struct wire_owner *owner = &metadata->owners[i];

        if (!owner->controller)
            continue;
        object->owner_uid = owner->uid;
        object->owner_name = owner->name;
        if (owner->api_version && owner->kind)
            object->owner_kind = kind_find(owner->api_version, owner->kind);
        if (object->owner_kind == KIND_COUNT || kind_info(object->owner_kind)->child) {
            object->owner_kind = KIND_COUNT;
            object->grandparent_uid = labels->owner_uid;
        }
        return;
    }
}

/* What a Deployment makes pods with is a ReplicaSet; its labels are those of the pods. */
static bool is_of_deployment(const struct wire_object *wire, const struct object *pod)
{
    const struct wire_metadata *metadata = wire->metadata;

    for (size_t i = 0; i < metadata->owner_count; i++)
        if (metadata->owners[i].controller)
            return pod->grandparent_uid && *pod->grandparent_uid && is(metadata->owners[i].api_version, "apps/v1") &&
                   is(metadata->owners[i].kind, "ReplicaSet");
    return false;
}

static bool has_finalizer(const struct wire_metadata *metadata, const char *name)
{
    for (size_t i = 0; i < metadata->finalizer_count; i++)
        if (strcmp(metadata->finalizers[i], name) == 0)
            return true;
    return false;
}

static void fill_metadata(const struct wire_metadata *metadata, struct object *object)
{
    static const struct wire_labels no_labels;
    const struct wire_labels *labels = metadata->labels ? metadata->labels : &no_labels;

    object->namespace = metadata->namespace;
    object->name = metadata->name;
    object->uid = metadata->uid;
    fill_owner(metadata, labels, object);
    object->version = metadata->resource_version ? strtoull(metadata->resource_version, NULL, 10) : 0;
    object->generation = metadata->generation;
    object->created_at = metadata->created_at;
    object->deleted_at = metadata->deleted_at;
    object->recorded_finalizer = has_finalizer(metadata, FINALIZER_RECORD);
    object->in_use_finalizer = has_finalizer(metadata, FINALIZER_IN_USE);
    object->managed = is(labels->managed_by, LABEL_MANAGED_BY_VALUE);
    object->role = labels->role;
    object->index = parse_small_int(labels->index, -1);
    object->attempt = parse_small_int(labels->attempt, 0);
    if (!metadata->annotations)
        return;
    object->hash = metadata->annotations->hash;
    object->requested_at = metadata->annotations->requested_at;
}

/* -- references ---------------------------------------------------------------------------------------------------- */

/* "datasets/listings datasets/users ": a word for each. */
static const char *add_reference(const char *list,
                                 enum kind kind,
                                 const struct wire_reference *reference,
                                 struct arena *arena)
{
    const char *word;

    if (!reference || !reference->name || !*reference->name || strchr(reference->name, ' '))
        return list;
    word = arena_printf(arena, "%s/%s ", kind_info(kind)->plural, reference->name);
    return strstr(list, word) ? list : arena_printf(arena, "%s%s", list, word);
}

static const char *add_mentions(const char *list,
                                const struct wire_mention *mentions,
                                size_t count,
                                struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        list = add_reference(list, KIND_DATA_SET, mentions[i].data_set, arena);
        list = add_reference(list, KIND_MODEL, mentions[i].model, arena);
    }
    return list;
}

/* Of a spec that does not decode nothing is known: its own pass says what is wrong with it. */
static const char *list_named(struct slice spec, struct arena *arena)
{
    const struct wire_mentions *mentions = object_part(&wire_mentions_type, spec, arena);
    const char *list = "";

    if (!mentions)
        return list;
    list = add_mentions(list, mentions->data, mentions->data_count, arena);
    list = add_mentions(list, mentions->outputs, mentions->output_count, arena);
    return add_reference(list, KIND_MODEL, mentions->model, arena);
}

/* What is served is in use also when the spec names another by now. */
static const char *add_served(const char *list, struct slice status, struct arena *arena)
{
    const struct wire_served *served = object_part(&wire_served_type, status, arena);

    for (size_t i = 0; served && i < served->revision_count; i++) {
        struct wire_reference reference = { served->revisions[i].model };

        list = add_reference(list, KIND_MODEL, &reference, arena);
    }
    return list;
}

static const char *list_references(enum kind kind, const struct wire_object *wire, struct arena *arena)
{
    const char *list = list_named(wire->spec, arena);

    return kind == KIND_SERVING_ENDPOINT ? add_served(list, wire->status, arena) : list;
}

bool object_next_reference(const struct object *object, const char **at, enum kind *ret_kind, struct slice *ret_name)
{
    const char *word = *at ? *at : object->references, *name;
    size_t length = strcspn(word, "/");

    if (!*word)
        return false;
    name = word + length + 1;
    *ret_kind = KIND_COUNT;
    for (enum kind kind = 0; kind < KIND_COUNT; kind++)
        if (slice_is((struct slice){ word, length }, kind_info(kind)->plural))
            *ret_kind = kind;
    *ret_name = (struct slice){ name, strcspn(name, " ") };
    *at = name + ret_name->length + 1;
    return true;
}

int object_decode_part(const struct fields *type,
                       const char *path,
                       struct slice text,
                       struct arena *arena,
                       const void **ret,
                       struct error *err)
{
    void *part = arena_alloc(arena, type->size);
    struct scan scan;

    if (text.data) {
        scan_init(&scan, text);
        if (fields_decode(type, path, &scan, arena, part, err) < 0)
            return -1;
    }
    *ret = part;
    return 0;
}

const void *object_part(const struct fields *type, struct slice text, struct arena *arena)
{
    const void *part;
    struct error err;

    return object_decode_part(type, "", text, arena, &part, &err) < 0 ? NULL : part;
}

/* -- one allocation ------------------------------------------------------------------------------------------------ */

enum { OBJECT_STRINGS = 17 };

/* All strings of an object, so that they can be moved into its allocation by a loop. */
static size_t list_strings(struct object *object, const char ***ret)
{
    struct pod_start *start = (struct pod_start *)object->pod.start;
    const char **all[OBJECT_STRINGS] = {
        &object->namespace,
        &object->name,
        &object->uid,
        &object->owner_uid,
        &object->role,
        &object->owner_name,
        &object->hash,
        &object->requested_at,
        &object->references,
        &object->grandparent_uid,
        &object->pod.end_reason,
        &object->pod.end_message,
        &object->pod.wait_reason,
        &object->pod.wait_message,
        &object->pod.node,
        start ? &start->fetch_message : NULL,
        start ? &start->crash_message : NULL,
    };

    memcpy(ret, all, sizeof(all));
    return start ? OBJECT_STRINGS : OBJECT_STRINGS - 2;
}

static size_t start_size(const struct object *object)
{
    return object->pod.start ? sizeof(*object->pod.start) : 0;
}

static char *move_slice(struct slice *slice, char *at)
{
    if (!slice->data)
        return at;
    memcpy(at, slice->data, slice->length);
    at[slice->length] = '\0';
    slice->data = at;
    return at + slice->length + 1;
}

/* Copies a filled-in object, whose strings lie elsewhere, into one allocation. Absent strings become "". */
static struct object *pack(const struct object *loose)
{
    const char **strings[OBJECT_STRINGS];
    struct object *packed;
    size_t size = sizeof(*packed) + start_size(loose) + loose->spec.length + loose->status.length + 3, count;
    struct object copy = *loose;
    char *empty, *at;

    count = list_strings(&copy, strings);
    for (size_t i = 0; i < count; i++)
        size += *strings[i] ? strlen(*strings[i]) + 1 : 0;
    packed = xcalloc(1, size);
    *packed = copy;
    if (loose->pod.start)
        packed->pod.start = memcpy(packed + 1, loose->pod.start, start_size(loose));
    empty = (char *)(packed + 1) + start_size(loose);
    at = empty + 1;
    list_strings(packed, strings);
    for (size_t i = 0; i < count; i++) {
        const char *from = *strings[i];

        *strings[i] = from && *from ? at : empty;
        if (from && *from)
            at = stpcpy(at, from) + 1;
    }
    at = move_slice(&packed->spec, at);
    move_slice(&packed->status, at);
    return packed;
}

int object_decode(enum kind kind, struct slice text, struct object **ret_object, struct error *err)
{
    auto_arena struct arena arena = { 0 };
    struct object loose = { .kind = kind };
    struct wire_object wire;
    struct scan scan;

    scan_init(&scan, text);
    if (fields_decode(&wire_object_type, "", &scan, &arena, &wire, err) < 0)
        return -1;
    if (!wire.metadata || !wire.metadata->name || !wire.metadata->uid)
        return error_set(err, ERROR_INVALID, "a %s without metadata.name or metadata.uid", kind_info(kind)->kind);
    fill_metadata(wire.metadata, &loose);
    if (kind == KIND_POD && pod_summarise(&wire, is_of_deployment(&wire, &loose), &arena, &loose.pod, err) < 0)
        return error_wrap(err, "Pod %s", loose.name);
    if (kind != KIND_POD)
        loose.spec = wire.spec;
    if (kind_info(kind)->keeps_status)
        loose.status = wire.status;
    if (!kind_info(kind)->child)
        loose.references = list_references(kind, &wire, &arena);
    *ret_object = pack(&loose);
    return 0;
}

void object_destroy(struct object *object)
{
    free(object);
}

size_t object_size(const struct object *object)
{
    const char **strings[OBJECT_STRINGS];
    struct object copy = *object;
    size_t size = sizeof(copy) + start_size(object) + 1, count = list_strings(&copy, strings);

    for (size_t i = 0; i < count; i++)
        size += **strings[i] ? strlen(*strings[i]) + 1 : 0;
    return size + (object->spec.data ? object->spec.length + 1 : 0) +
           (object->status.data ? object->status.length + 1 : 0);
}
