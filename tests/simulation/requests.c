#include "requests.h"

#include <stdarg.h>
#include <stdio.h>

#include "../../operator/base/memory.h"
#include "trees.h"
#include "verbs.h"
#include "world.h"

static const char merge_patch[] = "application/merge-patch+json";

int person_asks(
    struct world *world, enum http_method method, const char *type, json_t *take_body, const char *format, ...)
{
    struct http_request request = { .method = method, .content_type = type };
    json_auto_t *body = take_body;
    auto_free char *text = body ? jb_dump(body, false) : NULL;
    char path[512];
    struct answer answer;
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    request.path = path;
    request.body = text;
    world->server.acting = ACTOR_PERSON;
    answer = verbs_handle(world, &request);
    world_trace(world, "a person: %s %s: %d", http_method_name(method), path, answer.status);
    free(answer.body);
    return answer.status;
}

void person_patches(struct world *world, const struct thing *thing, json_t *take_body)
{
    const struct resource_info *info = resource_info(thing->resource);

    person_asks(world,
                HTTP_PATCH,
                merge_patch,
                take_body,
                "%s/namespaces/%s/%s/%s",
                info->prefix,
                thing->namespace,
                info->plural,
                thing->name);
}

void person_deletes(struct world *world, const struct thing *thing, const char *policy, json_t *take_grace)
{
    const struct resource_info *info = resource_info(thing->resource);

    person_asks(world,
                HTTP_DELETE,
                "application/json",
                OBJ({ "propagationPolicy", jb_str(policy) }, { "gracePeriodSeconds", take_grace }),
                "%s/namespaces/%s/%s/%s",
                info->prefix,
                thing->namespace,
                info->plural,
                thing->name);
}
