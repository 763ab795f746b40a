#define _GNU_SOURCE /* stpcpy */
#include "object.h"

#include <errno.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/scan.h"
#include "object_fields.h"

enum {
    TERMINATION_MESSAGE_KEPT = 1024, /* bytes, from the end */
    WAIT_MESSAGE_KEPT = 256,         /* bytes, from the start: the scheduler lists every node */
};

/* Cuts text to at most `kept` bytes without splitting a UTF-8 sequence. */
static const char *head(struct arena *arena, const char *text, size_t kept)
{
    if (!text || strlen(text) <= kept)
        return text;
    while (kept && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--;
    return arena_strndup(arena, text, kept);
}

static const char *tail(const char *text, size_t kept)
{
    size_t length = text ? strlen(text) : 0;

    if (length <= kept)
        return text;
    text += length - kept;
    while (((unsigned char)*text & 0xc0) == 0x80)
        text++;
    return text;
}

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

static const struct wire_terminated *terminated(const struct wire_container_status *container)
{
    return container->state ? container->state->terminated : NULL;
}

/* The failing container that ended first; without one, the one that ended last. NULL when none has ended. */
static const struct wire_terminated *telling_end(const struct wire_container_status *containers, size_t count)
{
    const struct wire_terminated *failed = NULL, *last = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct wire_terminated *end = terminated(&containers[i]);

        if (!end)
            continue;
        if (end->exit_code && (!failed || end->finished_at < failed->finished_at))
            failed = end;
        if (!last || end->finished_at > last->finished_at)
            last = end;
    }
    return failed ? failed : last;
}

static void summarise_end(const struct wire_pod_status *status, struct pod *pod)
{
    const struct wire_terminated *end = telling_end(status->containers, status->container_count);

    if (!end && pod->phase == POD_FAILED) /* else it is a sidecar: how it was stopped says nothing of the work */
        end = telling_end(status->init_containers, status->init_container_count);
    if (end) {
        pod->ended = true;
        pod->exit_code = (int)end->exit_code;
        pod->started_at = end->started_at;
        pod->finished_at = end->finished_at;
        pod->end_reason = end->reason;
        pod->end_message = tail(end->message, TERMINATION_MESSAGE_KEPT);
    }
    if (status->reason) {
        pod->end_reason = status->reason;
        if (!pod->end_message)
            pod->end_message = tail(status->message, TERMINATION_MESSAGE_KEPT);
    }
}

/* Waits that every start goes through; another reason tells more. */
static bool is_routine(const char *reason)
{
    return !reason || is(reason, "PodInitializing") || is(reason, "ContainerCreating");
}

static void summarise_waiting(const struct wire_container_status *containers,
                              size_t count,
                              struct pod *pod,
                              struct arena *arena)
{
    for (size_t i = 0; i < count && is_routine(pod->wait_reason); i++) {
        const struct wire_waiting *waiting = containers[i].state ? containers[i].state->waiting : NULL;

        if (!waiting || (pod->wait_reason && is_routine(waiting->reason)))
            continue;
        pod->wait_reason = waiting->reason;
        pod->wait_message = head(arena, waiting->message, WAIT_MESSAGE_KEPT);
    }
}

static void summarise_conditions(const struct wire_pod_status *status, struct pod *pod, struct arena *arena)
{
    for (size_t i = 0; i < status->condition_count; i++) {
        const struct wire_condition *condition = &status->conditions[i];

        if (is(condition->type, "Ready"))
            pod->ready = is(condition->status, "True");
        if (is(condition->type, "DisruptionTarget") && is(condition->status, "True"))
            pod->disrupted = true;
        if (is(condition->type, "PodScheduled") && is(condition->status, "False") &&
            is(condition->reason, "Unschedulable")) {
            pod->unschedulable = true;
            pod->wait_reason = condition->reason;
            pod->wait_message = head(arena, condition->message, WAIT_MESSAGE_KEPT);
        }
    }
}

static enum pod_phase parse_phase(const char *phase)
{
    return is(phase, "Running")     ? POD_RUNNING
           : is(phase, "Succeeded") ? POD_SUCCEEDED
           : is(phase, "Failed")    ? POD_FAILED
                                    : POD_PENDING;
}

static int summarise_pod(const struct wire_object *wire, struct arena *arena, struct pod *pod, struct error *err)
{
    struct wire_pod_status status = { 0 };
    struct wire_pod_spec spec = { 0 };
    struct scan scan;

    if (wire->spec.data) {
        scan_init(&scan, wire->spec);
        if (fields_decode(&wire_pod_spec_type, "spec", &scan, arena, &spec, err) < 0)
            return -1;
    }
    if (wire->status.data) {
        scan_init(&scan, wire->status);
        if (fields_decode(&wire_pod_status_type, "status", &scan, arena, &status, err) < 0)
            return -1;
    }
    *pod = (struct pod){ .phase = parse_phase(status.phase), .node = spec.node };
    summarise_conditions(&status, pod, arena);
    summarise_waiting(status.init_containers, status.init_container_count, pod, arena);
    summarise_waiting(status.containers, status.container_count, pod, arena);
    pod->taken_at = status.started_at;
    summarise_end(&status, pod);
    return 0;
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
static const char *list_references(struct slice spec, struct arena *arena)
{
    const struct wire_mentions *mentions = object_part(&wire_mentions_type, spec, arena);
    const char *list = "";

    if (!mentions)
        return list;
    list = add_mentions(list, mentions->data, mentions->data_count, arena);
    return add_mentions(list, mentions->outputs, mentions->output_count, arena);
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

/* All strings of an object, so that they can be moved into its allocation by a loop. */
static size_t list_strings(struct object *object, const char ***ret)
{
    const char **all[] = {
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
    };

    memcpy(ret, all, sizeof(all));
    return ARRAY_SIZE(all);
}

enum { OBJECT_STRINGS = 15 };

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
    size_t size = sizeof(*packed) + loose->spec.length + loose->status.length + 3, count;
    struct object copy = *loose;
    char *at;

    count = list_strings(&copy, strings);
    for (size_t i = 0; i < count; i++)
        size += *strings[i] ? strlen(*strings[i]) + 1 : 0;
    packed = xcalloc(1, size);
    *packed = copy;
    at = (char *)(packed + 1);
    *at++ = '\0';
    list_strings(packed, strings);
    for (size_t i = 0; i < count; i++) {
        const char *from = *strings[i];

        *strings[i] = from && *from ? at : (char *)(packed + 1);
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
    if (kind == KIND_POD && summarise_pod(&wire, &arena, &loose.pod, err) < 0)
        return error_wrap(err, "Pod %s", loose.name);
    if (kind != KIND_POD)
        loose.spec = wire.spec;
    if (kind_info(kind)->keeps_status)
        loose.status = wire.status;
    if (!kind_info(kind)->child)
        loose.references = list_references(wire.spec, &arena);
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
    size_t size = sizeof(copy) + 1, count = list_strings(&copy, strings);

    for (size_t i = 0; i < count; i++)
        size += **strings[i] ? strlen(*strings[i]) + 1 : 0;
    return size + (object->spec.data ? object->spec.length + 1 : 0) +
           (object->status.data ? object->status.length + 1 : 0);
}
