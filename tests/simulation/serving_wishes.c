#include "serving_wishes.h"

#include "../../operator/base/memory.h"
#include "gateway.h"
#include "trees.h"

static bool chance(struct world *world, unsigned per_mille)
{
    return random_chance(&world->random, per_mille);
}

static json_t *some_number(struct world *world, int low, int high)
{
    return jb_int(random_between(&world->random, low, high));
}

/* People test before they deploy, as a rule. */
static int some_image(struct world *world, unsigned tested)
{
    return (int)random_below(&world->random, chance(world, tested) ? GOOD_IMAGES : IMAGES);
}

json_t *wish_serving_template(struct world *world, unsigned tested)
{
    return OBJ({ "metadata", json_object() },
               { "spec",
                 OBJ({ "containers",
                       ARR(OBJ({ "name", jb_str("server") },
                               { "image", jb_fmt("reg/serve:%d", some_image(world, tested)) },
                               { "ports", ARR(OBJ({ "containerPort", jb_int(8080) })) })) }) });
}

json_t *wish_autoscaling(struct world *world)
{
    int least = (int)random_between(&world->random, 1, 3);

    return OBJ({ "minReplicas", jb_int(least) },
               { "maxReplicas", some_number(world, least, 6) },
               { "cpuPercent", jb_int(70) });
}

/* -- the rollout -------------------------------------------------------------------------------------------------- */

/* Of another strategy than Canary: to be looked at, and shares nothing. */
static json_t *looks(struct world *world)
{
    return ARR(OBJ({ "trafficPercent", jb_int(0) },
                   { "holdSeconds", some_number(world, 0, 20) },
                   { "approval", chance(world, 200) ? jb_str("Required") : NULL }));
}

json_t *wish_steps(struct world *world)
{
    int count = (int)random_between(&world->random, 1, 3), percent = 0;
    json_t *steps = json_array();

    for (int i = 0; i < count; i++) {
        percent = (int)random_between(&world->random, percent > 1 ? percent : 1, 100);
        jb_append(steps,
                  OBJ({ "trafficPercent", jb_int(percent) },
                      { "holdSeconds", chance(world, 700) ? some_number(world, 0, 20) : NULL },
                      { "approval", chance(world, 200) ? jb_str("Required") : NULL }));
    }
    return steps;
}

static json_t *query(const char *what)
{
    return jb_fmt("%s{namespace=\"$(namespace)\",service=\"$(candidate)\"}", what);
}

static json_t *errors_check(struct world *world)
{
    bool counts = chance(world, 500);

    return OBJ({ "name", jb_str("errors") },
               { "prometheus",
                 OBJ({ "query", query("errors") },
                     { "samplesQuery", counts ? query("requests") : NULL },
                     { "minSamples", counts ? jb_int(100) : NULL }) },
               { "max", jb_str("0.01") });
}

static json_t *probe_check(void)
{
    return OBJ({ "name", jb_str("answers") },
               { "probe",
                 OBJ({ "path", jb_str("/healthz") },
                     { "minSuccessPercent", jb_int(99) },
                     { "maxLatencyMilliseconds", jb_int(200) }) });
}

static json_t *checks(struct world *world, bool grpc)
{
    bool numbers = world->weather.has_prometheus ? chance(world, 600) : chance(world, 100);
    bool probes = !grpc && chance(world, 500);

    return numbers || probes ? ARR(numbers ? errors_check(world) : NULL, probes ? probe_check() : NULL) : NULL;
}

static const char *strategy(struct world *world, bool has_route)
{
    unsigned at = (unsigned)random_below(&world->random, 10);

    return at == 0 ? "Recreate" : at < 4 || !has_route ? "BlueGreen" : "Canary";
}

/* Holds and delays are shorter than the rest that ends a history. */
json_t *wish_rollout(struct world *world, bool has_route, bool grpc)
{
    static const char *const policies[] = { "Hold", "Probe", "Promote" };
    const char *chosen = strategy(world, has_route);
    bool steps = chosen[0] == 'C';

    return OBJ({ "strategy", jb_str(chosen) },
               { "steps",
                 steps                ? wish_steps(world)
                 : chance(world, 300) ? looks(world)
                                      : NULL },
               { "checks", checks(world, grpc) },
               { "intervalSeconds", some_number(world, 1, 10) },
               { "failureLimit", some_number(world, 0, 2) },
               { "onNotEnoughTraffic", chance(world, 500) ? jb_str(policies[random_below(&world->random, 3)]) : NULL },
               { "holdMaxSeconds", some_number(world, 10, 60) },
               { "progressDeadlineSeconds", some_number(world, 20, 120) },
               { "scaleDownDelaySeconds", some_number(world, MOST_DATA_PLANE_LAG / 1000 + 1, 40) });
}

/* -- all of it ---------------------------------------------------------------------------------------------------- */

json_t *wish_model_ref(struct world *world)
{
    static const char *const versions[] = { "latest", "latest", "production", "v1", "v2" };

    return OBJ({ "name", jb_fmt("model%d", (int)random_below(&world->random, 2)) },
               { "version", jb_str(versions[random_below(&world->random, ARRAY_SIZE(versions))]) });
}

json_t *wish_tags(struct world *world)
{
    return ARR(
        OBJ({ "name", jb_str("production") }, { "version", jb_fmt("v%d", (int)random_between(&world->random, 1, 3)) }));
}

/* Most name the Gateway that is there, and a host that it takes. */
static json_t *route(struct world *world, const char *namespace, const char *name, bool grpc)
{
    return OBJ(
        { "parentRefs",
          ARR(OBJ({ "name", jb_str(chance(world, 950) ? GATEWAY_NAME : "nowhere") },
                  { "namespace", jb_str(GATEWAY_NAMESPACE) })) },
        { "hostnames", ARR(jb_fmt("%s.%s.%s", name, namespace, chance(world, 970) ? "example.com" : "example.org")) },
        { "pathPrefix", !grpc && chance(world, 500) ? jb_str("/v1") : NULL });
}

json_t *wish_endpoint(struct world *world, const char *namespace, const char *name)
{
    bool scales = chance(world, 300), routed = chance(world, 850), grpc = chance(world, 150);

    return OBJ({ "apiVersion", jb_str("kitae.dev/v1alpha1") },
               { "kind", jb_str("ServingEndpoint") },
               { "metadata", OBJ({ "name", jb_str(name) }) },
               { "spec",
                 OBJ({ "modelRef", world->weather.data && chance(world, 800) ? wish_model_ref(world) : NULL },
                     { "template", wish_serving_template(world, 800) },
                     { "protocol", grpc ? jb_str("GRPC") : NULL },
                     { "replicas", scales ? NULL : some_number(world, 1, 4) },
                     { "autoscaling", scales ? wish_autoscaling(world) : NULL },
                     { "route", routed ? route(world, namespace, name, grpc) : NULL },
                     { "rollout", chance(world, 900) ? wish_rollout(world, routed, grpc) : NULL }) });
}
