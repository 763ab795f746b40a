#include "render.h"

#include <string.h>

#include "../base/digest.h"
#include "../base/jb.h"
#include "../base/memory.h"

static void add_identity(json_t *labels, const struct identity *identity)
{
    if (!identity->role)
        return;
    jb_set(labels, LABEL_ROLE, jb_str(identity->role));
    jb_set(labels, LABEL_INDEX, jb_fmt("%d", identity->index));
    jb_set(labels, LABEL_ATTEMPT, jb_fmt("%d", identity->attempt));
}

static json_t *owner_reference(const struct object *owner)
{
    return OBJ({ "apiVersion", jb_str(kind_api_version(owner->kind)) },
               { "kind", jb_str(kind_info(owner->kind)->kind) },
               { "name", jb_str(owner->name) },
               { "uid", jb_str(owner->uid) },
               { "controller", json_true() },
               { "blockOwnerDeletion", json_true() });
}

/* apiVersion and kind first, so that what people read begins as they expect. */
static json_t *with_header(const struct observed *in, const struct want *want, json_t *take_body)
{
    json_t *whole =
        OBJ({ "apiVersion", jb_str(kind_api_version(want->kind)) },
            { "kind", jb_str(kind_info(want->kind)->kind) },
            { "metadata", OBJ({ "name", jb_str(want->name) }, { "namespace", jb_str(in->self->namespace) }) });

    json_object_update_missing(jb_child_object(whole, "metadata"), jb_child_object(take_body, "metadata"));
    json_object_update_missing(whole, take_body);
    json_decref(take_body);
    return whole;
}

static void add_hash(json_t *body)
{
    auto_free char *text = jb_dump(body, true);
    char hash[DIGEST_SHORT];

    digest_short(slice_of(text), hash);
    jb_set(jb_child_object(jb_child_object(body, "metadata"), "annotations"), ANNOTATION_HASH, jb_str(hash));
}

json_t *render_child(const struct observed *in, const struct want *want)
{
    json_t *body = with_header(in, want, want->body(in, &want->identity));
    json_t *metadata = jb_child_object(body, "metadata");
    json_t *labels = jb_child_object(metadata, "labels");

    jb_set(labels, LABEL_MANAGED_BY, jb_str(LABEL_MANAGED_BY_VALUE));
    jb_set(labels, LABEL_OWNER_UID, want->keep ? NULL : jb_str(in->self->uid));
    add_identity(labels, &want->identity);
    if (!want->keep)
        jb_set(metadata, "ownerReferences", ARR(owner_reference(in->self)));
    if (want->record)
        jb_append(jb_child_array(metadata, "finalizers"), jb_str(FINALIZER_RECORD));
    if (want->scale != SCALE_FREE)
        jb_set(jb_child_object(body, "spec"), "replicas", jb_int(want->scale));
    if (want->mode == WANT_APPLY)
        add_hash(body);
    return body;
}

static bool contains(const json_t *have, const json_t *want)
{
    const char *key;
    json_t *value;
    size_t index;

    if (json_is_object(want)) {
        json_object_foreach((json_t *)want, key, value)
            if (!contains(json_object_get(have, key), value))
                return false;
        return json_is_object(have);
    }
    if (json_is_array(want)) {
        json_array_foreach(want, index, value)
            if (!contains(json_array_get(have, index), value))
                return false;
        return json_array_size(have) == json_array_size(want);
    }
    return json_equal(have, want);
}

bool render_differs(const struct object *child, const json_t *body)
{
    const json_t *annotations = jb_get(jb_get(body, "metadata"), "annotations");
    json_auto_t *spec = NULL;
    struct error err;

    if (strcmp(jb_get_str(annotations, ANNOTATION_HASH), child->hash) != 0)
        return true;
    if (!child->spec.data || jb_parse(child->spec, &spec, &err) < 0)
        return false;
    return !contains(spec, jb_get(body, "spec"));
}

struct scaled {
    int64_t replicas;
    bool has_replicas;
};

/* How many replicas of itself the child is to keep; what says nothing keeps one. */
static int scale_of(const struct object *child)
{
    static const struct field list[] = {
        { "replicas", FIELD_INT, offsetof(struct scaled, replicas), offsetof(struct scaled, has_replicas) },
    };
    static const struct fields type = { list, ARRAY_SIZE(list), sizeof(struct scaled) };
    auto_arena struct arena arena = { 0 };
    const struct scaled *scaled = object_part(&type, child->spec, &arena);

    return scaled && scaled->has_replicas ? (int)scaled->replicas : 1;
}

bool render_is_settled(const struct object *child, const struct want *want)
{
    return child->deleted_at ||
           (want->mode == WANT_CREATE && (want->scale == SCALE_FREE || want->scale == scale_of(child)));
}

/* -- status ------------------------------------------------------------------------------------------------------- */

json_t *render_current_status(const struct observed *in)
{
    struct error err;
    json_t *status;

    if (!in->status_text.data || jb_parse(in->status_text, &status, &err) < 0)
        return json_object();
    return status;
}

static const json_t *find_condition(const json_t *conditions, const char *type)
{
    for (size_t i = 0; i < json_array_size(conditions); i++)
        if (strcmp(jb_get_str(json_array_get(conditions, i), "type"), type) == 0)
            return json_array_get(conditions, i);
    return NULL;
}

static json_t *render_condition(const struct observed *in, const struct plan_condition *wanted, const json_t *before)
{
    const char *status = wanted->unknown ? "Unknown" : wanted->status ? "True" : "False";
    bool same = strcmp(jb_get_str(before, "status"), status) == 0;

    return OBJ(
        { "type", jb_str(wanted->type) },
        { "status", jb_str(status) },
        { "observedGeneration", jb_int(in->self->generation) },
        { "lastTransitionTime",
          same ? jb_copy(jb_get(before, "lastTransitionTime")) : jb_str(fields_format_time(in->arena, in->now)) },
        { "reason", jb_str(wanted->reason) },
        { "message", jb_str(wanted->message) });
}

static bool is_planned(const struct plan *plan, const char *type)
{
    for (size_t i = 0; i < plan->condition_count; i++)
        if (strcmp(plan->conditions[i].type, type) == 0)
            return true;
    return false;
}

static json_t *render_conditions(const struct observed *in, const struct plan *plan, const json_t *before)
{
    json_t *conditions = json_array(), *value;
    size_t index;

    for (size_t i = 0; i < plan->condition_count; i++)
        jb_append(conditions,
                  render_condition(in, &plan->conditions[i], find_condition(before, plan->conditions[i].type)));
    json_array_foreach(before, index, value)
        if (!is_planned(plan, jb_get_str(value, "type")))
            jb_append(conditions, jb_copy(value));
    return conditions;
}

json_t *render_status(const struct observed *in, const struct plan *plan, const json_t *before)
{
    json_t *status = OBJ({ "observedGeneration", jb_int(in->self->generation) });

    if (plan->keep_status) {
        json_object_update_missing(status, (json_t *)before);
        return status;
    }
    json_object_update(status, plan->status);
    jb_set(status, "conditions", render_conditions(in, plan, jb_get(before, "conditions")));
    return status;
}

static json_t *without_lazy(const struct controller *controller, const json_t *status)
{
    json_t *copy = json_copy((json_t *)status);

    for (const char *const *field = controller->lazy_status; *field; field++)
        json_object_del(copy, *field);
    return copy;
}

bool render_urgent(const struct controller *controller, const json_t *before, const json_t *after)
{
    json_auto_t *left = without_lazy(controller, before), *right = without_lazy(controller, after);

    return !json_equal(left, right);
}
