#include "beside.h"

#include <string.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "../base/strbuf.h"
#include "../model/object.h"

static void write_key(struct strbuf *key, const char *kind, const char *namespace, struct slice name)
{
    strbuf_addf(key, "%s/%s/%.*s", kind, namespace, (int)name.length, name.data);
}

void beside_put(json_t *beside, json_t *take_resource)
{
    const json_t *metadata = jb_get(take_resource, "metadata");
    auto_strbuf struct strbuf key = { 0 };

    write_key(&key,
              jb_get_str(take_resource, "kind"),
              jb_get_str(metadata, "namespace"),
              slice_of(jb_get_str(metadata, "name")));
    jb_set(beside, strbuf_text(&key), take_resource);
}

static bool is_there(const json_t *objects, const char *kind, struct slice name)
{
    for (size_t i = 0; i < json_array_size(objects); i++) {
        const json_t *one = json_array_get(objects, i);

        if (strcmp(jb_get_str(one, "kind"), kind) == 0 && slice_is(name, jb_get_str(jb_get(one, "metadata"), "name")))
            return true;
    }
    return false;
}

void beside_add(const json_t *beside, json_t *objects)
{
    const json_t *self = json_array_get(objects, 0);
    auto_free char *text = jb_dump(self, false);
    enum kind kind = kind_find(jb_get_str(self, "apiVersion"), jb_get_str(self, "kind"));
    struct object *object;
    const char *at = NULL;
    struct slice name;
    struct error err;

    if (object_decode(kind, slice_of(text), &object, &err) < 0)
        return; /* as the plan will say */
    while (object_next_reference(object, &at, &kind, &name)) {
        auto_strbuf struct strbuf key = { 0 };
        json_t *named;

        write_key(&key, kind_info(kind)->kind, object->namespace, name);
        named = json_object_get(beside, strbuf_text(&key));
        if (named && !is_there(objects, kind_info(kind)->kind, name))
            jb_append(objects, json_incref(named));
    }
    object_destroy(object);
}
