#include <inttypes.h>
#include <string.h>

#include "../../operator/base/jb.h"
#include "../agent/words.h"
#include "endpoint.h"

/* What would come after the plan, for somebody who has not applied anything yet. */

struct preview {
    struct endpoint *endpoint;
    const char *text; /* lines so far */
};

static void add_line(struct preview *preview, const char *line)
{
    preview->text = arena_printf(preview->endpoint->arena, "%s%s\n", preview->text, line);
}

/* Extended resources of a pod: "8 nvidia.com/gpu"; their number times `pods`. "" where there is none. */
static const char *accelerators_text(const struct endpoint *endpoint, int pods)
{
    json_auto_t *template = NULL;
    const json_t *containers;
    const char *text = "", *key;
    struct error err;
    json_t *value;

    if (jb_parse(endpoint->spec->template, &template, &err) < 0)
        return "";
    containers = jb_get(jb_get(template, "spec"), "containers");
    for (size_t i = 0; i < json_array_size(containers); i++) {
        json_t *limits = (json_t *)jb_get(jb_get(json_array_get(containers, i), "resources"), "limits");

        json_object_foreach(limits, key, value) {
            int64_t count =
                json_is_string(value) ? strtoll(json_string_value(value), NULL, 10) : json_integer_value(value);

            if (strchr(key, '/'))
                text = arena_printf(endpoint->arena, "%s, %" PRId64 " %s", text, count * pods, key);
        }
    }
    return text;
}

static const char *pods_of_share(const struct endpoint *endpoint, int pods)
{
    return arena_printf(
        endpoint->arena, "%s%s", count_text(endpoint->arena, pods, "pod"), accelerators_text(endpoint, pods));
}

/* Pods that the candidate has at a step, whatever step it is at now. */
static int pods_at(const struct endpoint *endpoint, int step)
{
    struct endpoint then = *endpoint;

    then.rollout.step = step;
    then.rollout.state = STATE_STARTING;
    return pods_needed(&then);
}

static void add_steps(struct preview *preview)
{
    const struct endpoint *endpoint = preview->endpoint;
    const struct rules *rules = &endpoint->rules;

    for (int i = 0; i < rules->step_count && !endpoint->candidate->proven; i++) {
        const struct servingendpoint_spec_rollout_steps *step = &rules->steps[i];

        add_line(preview,
                 arena_printf(endpoint->arena,
                              "  step %d: %d %% of the traffic, %s, for at least %d seconds%s%s",
                              i + 1,
                              (int)step->traffic_percent,
                              pods_of_share(endpoint, pods_at(endpoint, i)),
                              (int)step->hold_seconds,
                              rules->check_count ? ", while its checks are good" : "",
                              step->approval ? ", until somebody approves" : ""));
    }
}

static int64_t held_seconds(const struct endpoint *endpoint)
{
    int64_t seconds = 0;

    for (int i = 0; i < endpoint->rules.step_count && !endpoint->candidate->proven; i++)
        seconds += endpoint->rules.steps[i].hold_seconds;
    return seconds;
}

static void add_costs(struct preview *preview)
{
    const struct endpoint *endpoint = preview->endpoint;
    int whole = pods_at(endpoint, endpoint->rules.step_count);

    if (endpoint->rollout.strategy == STRATEGY_RECREATE) {
        add_line(preview, "  the old pods go first: nobody answers until the new ones do");
        return;
    }
    add_line(preview,
             arena_printf(endpoint->arena,
                          "  meanwhile, and for %d seconds after: %s more than now; the steps hold for %" PRId64
                          " seconds together",
                          endpoint->rules.scale_down_delay,
                          pods_of_share(endpoint, whole),
                          held_seconds(endpoint)));
}

static void add_rollout(struct preview *preview)
{
    static const char *const strategies[] = { "", "Canary", "BlueGreen", "Recreate" };
    const struct endpoint *endpoint = preview->endpoint;

    if (is_initial(endpoint)) {
        add_line(
            preview,
            arena_printf(endpoint->arena,
                         "%s would be the first revision: %s",
                         endpoint->candidate->recipe.name,
                         pods_of_share(endpoint, endpoint->scaling.on ? endpoint->scaling.min : endpoint->replicas)));
        return;
    }
    add_line(preview,
             arena_printf(endpoint->arena,
                          "%s would take over from %s (%s)%s",
                          endpoint->candidate->recipe.name,
                          endpoint->stable->recipe.name,
                          strategies[endpoint->rollout.strategy],
                          endpoint->candidate->proven ? ", without steps: it has served before" : ""));
    add_steps(preview);
    add_line(preview,
             arena_printf(endpoint->arena,
                          "  then: all traffic, %s",
                          pods_of_share(endpoint, pods_at(endpoint, endpoint->rules.step_count))));
    add_costs(preview);
}

/* Why nothing would be rolled out. */
static const char *idle_text(const struct endpoint *endpoint)
{
    const struct rejection *rejection = find_rejection(endpoint);

    if (!endpoint->target.known)
        return endpoint->target.waits ? endpoint->target.waits : "";
    if (rejection)
        return arena_printf(endpoint->arena,
                            "%s was taken back before and is not tried again: %.400s",
                            rejection->revision,
                            rejection->message ? rejection->message : "");
    if (endpoint->why && *endpoint->why)
        return endpoint->why;
    return arena_printf(endpoint->arena, "%s serves already: no rollout", endpoint->target.recipe.name);
}

const char *preview_endpoint(const struct observed *in)
{
    struct endpoint endpoint;
    struct preview preview = { &endpoint, "" };

    endpoint_init(&endpoint, in);
    if (endpoint.candidate && endpoint.rollout.state == STATE_RETURNING)
        add_line(&preview,
                 arena_printf(endpoint.arena,
                              "%s would give its traffic back first, then: %s",
                              endpoint.candidate->recipe.name,
                              endpoint.target.known ? endpoint.target.recipe.name : ""));
    else if (endpoint.candidate)
        add_rollout(&preview);
    else
        add_line(&preview, idle_text(&endpoint));
    return preview.text;
}
