/* Which reflectors there are: one for each kind and namespace. */

#include <string.h>

#include "../base/memory.h"
#include "state.h"

size_t engine_max_namespaces(void)
{
    size_t kinds = 0;

    for (enum kind kind = 0; kind < KIND_COUNT; kind++)
        kinds += !kind_info(kind)->unseen;
    return ENGINE_MAX_WATCHES / kinds;
}

static void add_reflector(struct engine *engine, enum kind kind, const char *namespace)
{
    struct reflector *reflector = &engine->reflectors[engine->reflector_count];

    if (engine->reflector_count == ENGINE_MAX_WATCHES)
        BUG("more than %d watches", ENGINE_MAX_WATCHES);
    *reflector = (struct reflector){ .engine = engine,
                                     .slot = (unsigned)engine->reflector_count++,
                                     .kind = kind,
                                     .namespace = namespace,
                                     .selector = kind_info(kind)->child ? LABEL_MANAGED_BY "=" LABEL_MANAGED_BY_VALUE
                                                                        : engine->options.selector };
}

/* Parents before children, so that no child is met before its owner's kind is known to be on its way. */
void reflectors_init(struct engine *engine)
{
    const char *const *namespaces = engine->options.namespaces;

    engine->reflectors = xcalloc(ENGINE_MAX_WATCHES, sizeof(*engine->reflectors));
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        if (kind_info(kind)->unseen)
            continue;
        if (!namespaces || !*namespaces)
            add_reflector(engine, kind, NULL);
        else
            for (const char *const *namespace = namespaces; *namespace; namespace ++)
                add_reflector(engine, kind, *namespace);
    }
}

struct reflector *engine_reflector(struct engine *engine, enum kind kind, const char *namespace)
{
    for (size_t i = 0; i < engine->reflector_count; i++) {
        struct reflector *reflector = &engine->reflectors[i];

        if (reflector->kind == kind && (!reflector->namespace || strcmp(reflector->namespace, namespace) == 0))
            return reflector;
    }
    BUG("no watch of %s in namespace '%s'", kind_info(kind)->plural, namespace);
}
