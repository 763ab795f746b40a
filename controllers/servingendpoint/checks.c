#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"

enum {
    PROBES = 10,          /* requests of one check */
    PROBE_TIMEOUT = 5000, /* milliseconds, where the check says nothing */
    QUERY_TIMEOUT = 10000,
    READY_EVERY = 2, /* seconds between looks at a revision that is about to be ready */
};

/* Keys name the revision: what was said of another one is no answer about this. */
static const char *ready_key(const struct endpoint *endpoint)
{
    return arena_printf(endpoint->arena, "ready/%s", endpoint->candidate->recipe.name);
}

/* -- questions --------------------------------------------------------------------------------------------------------
 */

static bool can_ask(const struct endpoint *endpoint)
{
    return endpoint->in->can_probe && endpoint->candidate->address &&
           endpoint->candidate->recipe.protocol == PROTOCOL_HTTP;
}

static const char *probe_url(const struct endpoint *endpoint, const char *path)
{
    const struct revision *candidate = endpoint->candidate;
    bool ipv6 = strchr(candidate->address, ':') != NULL;

    return arena_printf(endpoint->arena,
                        "http://%s%s%s:%d%s",
                        ipv6 ? "[" : "",
                        candidate->address,
                        ipv6 ? "]" : "",
                        candidate->recipe.port,
                        path);
}

static void ask_probe(
    const struct endpoint *endpoint, struct plan *out, const char *key, const char *path, int count, int timeout)
{
    plan_ask(out,
             (struct ask){ .type = ASK_PROBE,
                           .key = key,
                           .url = probe_url(endpoint, path ? path : "/"),
                           .count = count,
                           .every_s = count == 1 ? READY_EVERY : endpoint->rules.interval,
                           .timeout_ms = timeout });
}

/* $(candidate), $(stable) and $(namespace) in their place. */
static const char *fill_in(const struct endpoint *endpoint, const char *query)
{
    const struct {
        const char *name, *value;
    } words[] = {
        { "$(candidate)", endpoint->candidate->recipe.name },
        { "$(stable)", endpoint->stable ? endpoint->stable->recipe.name : endpoint->candidate->recipe.name },
        { "$(namespace)", endpoint->in->self->namespace },
    };
    const char *text = "";

    while (*query) {
        size_t length = strcspn(query, "$"), i = 0;

        text = arena_printf(endpoint->arena, "%s%.*s", text, (int)length, query);
        query += length;
        while (i < 3 && strncmp(query, words[i].name, strlen(words[i].name)) != 0)
            i++;
        if (i < 3) {
            text = arena_printf(endpoint->arena, "%s%s", text, words[i].value);
            query += strlen(words[i].name);
        } else if (*query) {
            text = arena_printf(endpoint->arena, "%s$", text);
            query++;
        }
    }
    return text;
}

static void ask_query(const struct endpoint *endpoint, struct plan *out, const char *key, const char *query)
{
    plan_ask(out,
             (struct ask){ .type = ASK_QUERY,
                           .key = key,
                           .query = fill_in(endpoint, query),
                           .every_s = endpoint->rules.interval,
                           .timeout_ms = QUERY_TIMEOUT });
}

typedef const struct servingendpoint_spec_rollout_checks check;

static const char *value_key(const struct endpoint *endpoint, check *one)
{
    return arena_printf(endpoint->arena, "check/%s/%s", endpoint->candidate->recipe.name, one->name);
}

static const char *samples_key(const struct endpoint *endpoint, check *one)
{
    return arena_printf(endpoint->arena, "samples/%s/%s", endpoint->candidate->recipe.name, one->name);
}

static void ask_check(const struct endpoint *endpoint, struct plan *out, check *one)
{
    if (one->prometheus && endpoint->in->has_prometheus) {
        ask_query(endpoint, out, value_key(endpoint, one), one->prometheus->query);
        if (one->prometheus->samples_query)
            ask_query(endpoint, out, samples_key(endpoint, one), one->prometheus->samples_query);
    } else if (one->probe && can_ask(endpoint)) {
        ask_probe(endpoint,
                  out,
                  value_key(endpoint, one),
                  one->probe->path,
                  PROBES,
                  one->probe->has_max_latency_milliseconds ? (int)one->probe->max_latency_milliseconds : PROBE_TIMEOUT);
    }
}

void ask_about_candidate(const struct endpoint *endpoint, struct plan *out)
{
    if (!endpoint->candidate || endpoint->rollout.state == STATE_RETURNING || endpoint->rollout.state == STATE_FREEING)
        return;
    if (can_ask(endpoint) && endpoint->candidate->ready)
        ask_probe(endpoint, out, ready_key(endpoint), endpoint->candidate->recipe.probe_path, 1, PROBE_TIMEOUT);
    for (int i = 0; i < endpoint->rules.check_count && !is_initial(endpoint) && !endpoint->candidate->proven; i++)
        ask_check(endpoint, out, &endpoint->rules.checks[i]);
}

/* -- the candidate's own Service --------------------------------------------------------------------------------------
 */

const char *probe_problem(const struct endpoint *endpoint, const struct answer *answer)
{
    if (answer->good == answer->count && answer->count)
        return NULL;
    if (!answer->status)
        return arena_printf(endpoint->arena,
                            "does not answer: %.300s",
                            answer->error ? answer->error : "no request was answered in time");
    return arena_printf(endpoint->arena, "answers %d", answer->status);
}

/* Without a readiness probe nobody says which path it knows: any word from it will do but that it is broken. */
static bool is_fine(const struct revision *candidate, const struct answer *answer)
{
    if (answer->count && answer->good == answer->count)
        return true;
    return !candidate->recipe.probe_path && answer->status >= 400 && answer->status < 500;
}

bool candidate_answers(struct endpoint *endpoint)
{
    const struct revision *candidate = endpoint->candidate;
    const struct answer *answer = answer_find(endpoint->in, ready_key(endpoint));

    if (!candidate->address) { /* a route to a Service that is not there is a 500 */
        wait_for(endpoint, "Starting", "waits for the address of its Service");
        return false;
    }
    if (!endpoint->in->can_probe || candidate->recipe.protocol != PROTOCOL_HTTP)
        return true; /* nobody can tell more than its pods do, which are ready */
    if (!answer) {   /* there will be one: what nobody has looked at yet is not late */
        wait_patiently(endpoint, "Probing", "is being looked at through its own Service");
        return false;
    }
    if (is_fine(candidate, answer))
        return true;
    wait_for(endpoint,
             "ProbeFailed",
             arena_printf(endpoint->arena,
                          "has ready pods, but its Service %s: check spec.port (%d) and the readinessProbe",
                          probe_problem(endpoint, answer),
                          candidate->recipe.port));
    return false;
}

/* -- one look
 * ---------------------------------------------------------------------------------------------------------- */

enum verdict { VERDICT_PASSED, VERDICT_THIN, VERDICT_ERROR, VERDICT_FAILED, VERDICT_NONE }; /* the worst one counts */

struct look {
    const struct endpoint *endpoint;
    enum verdict verdict;
    int64_t at; /* of its newest answer */
    const char *text;
};

static void conclude(struct look *look, enum verdict verdict, const char *text)
{
    if (verdict <= look->verdict)
        return;
    look->verdict = verdict;
    look->text = text;
}

/* An answer that this step asked for and no look has seen; NULL: there is none yet. */
static const struct answer *fresh(struct look *look, const char *key)
{
    const struct rollout *rollout = &look->endpoint->rollout;
    const struct answer *answer = answer_find(look->endpoint->in, key);

    if (!answer || answer->at <= rollout->checked_at || answer->at < rollout->step_time) {
        conclude(look, VERDICT_NONE, "");
        return NULL;
    }
    if (answer->at > look->at)
        look->at = answer->at;
    return answer;
}

static const char *bad_value(const struct endpoint *endpoint, check *one, const char *value)
{
    double number = strtod(value, NULL);

    if (one->max && number > strtod(one->max, NULL))
        return arena_printf(endpoint->arena, "%s is %.32s, above %s", one->name, value, one->max);
    if (one->min && number < strtod(one->min, NULL))
        return arena_printf(endpoint->arena, "%s is %.32s, below %s", one->name, value, one->min);
    return NULL;
}

static const char *error_text(const struct look *look, check *one, const struct answer *answer)
{
    return arena_printf(look->endpoint->arena,
                        "check %s cannot be told: %.400s",
                        one->name,
                        answer->error ? answer->error : "the query gives no number");
}

/* Too few requests for the number to say anything; true also when nobody can count them. */
static bool is_thin(struct look *look, check *one)
{
    int64_t wanted = one->prometheus->has_min_samples ? one->prometheus->min_samples : 1;
    const struct answer *samples;

    if (!one->prometheus->samples_query)
        return false;
    samples = fresh(look, samples_key(look->endpoint, one));
    if (!samples)
        return true;
    if (samples->error)
        conclude(look, VERDICT_ERROR, error_text(look, one, samples));
    else if (!(strtod(samples->value, NULL) >= (double)wanted))
        conclude(look,
                 VERDICT_THIN,
                 arena_printf(look->endpoint->arena,
                              "%s has seen %.32s requests, and needs %" PRId64,
                              one->name,
                              samples->value,
                              wanted));
    else
        return false;
    return true;
}

static void judge_query(struct look *look, check *one)
{
    const struct answer *answer;
    const char *problem;

    if (!look->endpoint->in->has_prometheus) {
        conclude(look,
                 VERDICT_ERROR,
                 arena_printf(look->endpoint->arena,
                              "check %s asks Prometheus, and the operator knows none: start it with --prometheus-url",
                              one->name));
        return;
    }
    answer = fresh(look, value_key(look->endpoint, one));
    if (is_thin(look, one) || !answer)
        return;
    if (answer->error || !answer->value || isnan(strtod(answer->value, NULL)))
        conclude(look, VERDICT_ERROR, error_text(look, one, answer));
    else if ((problem = bad_value(look->endpoint, one, answer->value)))
        conclude(look, VERDICT_FAILED, problem);
}

static const char *bad_probe(const struct endpoint *endpoint, check *one, const struct answer *answer)
{
    const char *others = answer->error           ? answer->error
                         : answer->status >= 400 ? arena_printf(endpoint->arena, "the worst was %d", answer->status)
                                                 : "the others took too long (maxLatencyMilliseconds)";

    return arena_printf(endpoint->arena,
                        "%s: %d of %d requests were answered well and in time: %.400s",
                        one->name,
                        answer->good,
                        answer->count,
                        others);
}

static void judge_probe(struct look *look, check *one)
{
    int64_t wanted = one->probe->has_min_success_percent ? one->probe->min_success_percent : 100;
    const struct answer *answer;

    if (look->endpoint->candidate->recipe.protocol != PROTOCOL_HTTP) {
        conclude(look,
                 VERDICT_ERROR,
                 arena_printf(look->endpoint->arena,
                              "check %s probes, and only protocol HTTP can be asked: check by prometheus",
                              one->name));
        return;
    }
    if (!look->endpoint->in->can_probe) {
        conclude(
            look,
            VERDICT_ERROR,
            arena_printf(look->endpoint->arena,
                         "check %s probes, and the operator cannot reach addresses of the cluster: run it there, or "
                         "with --probe",
                         one->name));
        return;
    }
    answer = fresh(look, value_key(look->endpoint, one));
    if (answer && (!answer->count || answer->good * 100 < wanted * answer->count))
        conclude(look, VERDICT_FAILED, bad_probe(look->endpoint, one, answer));
}

static struct look look_at_checks(const struct endpoint *endpoint)
{
    struct look look = { .endpoint = endpoint, .verdict = VERDICT_PASSED, .text = "" };

    for (int i = 0; i < endpoint->rules.check_count; i++) {
        check *one = &endpoint->rules.checks[i];

        if (one->prometheus)
            judge_query(&look, one);
        else
            judge_probe(&look, one);
    }
    return look;
}

/* -- what follows
 * ------------------------------------------------------------------------------------------------------- */

/* Whether too little traffic may count as good by now. */
static bool thin_passes(const struct endpoint *endpoint)
{
    const struct rules *rules = &endpoint->rules;
    bool waited = endpoint->in->now >= endpoint->rollout.step_time + rules->hold_max;
    const struct answer *answer = answer_find(endpoint->in, ready_key(endpoint));

    if (strcmp(rules->approve, endpoint->candidate->recipe.name) == 0)
        return true;
    if (rules->thin == SERVINGENDPOINT_SPEC_ROLLOUT_ON_NOT_ENOUGH_TRAFFIC_PROBE)
        return answer && is_fine(endpoint->candidate, answer);
    return rules->thin == SERVINGENDPOINT_SPEC_ROLLOUT_ON_NOT_ENOUGH_TRAFFIC_PROMOTE && waited;
}

static const char *reason_of(enum verdict verdict)
{
    return verdict == VERDICT_FAILED  ? "CheckFailed"
           : verdict == VERDICT_ERROR ? "CheckError"
           : verdict == VERDICT_THIN  ? "NotEnoughTraffic"
                                      : NULL;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/*
 * A look that finds what the last one of this step found is not worth a write: a revision may wait for a person for
 * days. Failures are counted, so each of them is news.
 */
static bool is_news(const struct rollout *rollout, const struct look *look, bool passed)
{
    return look->verdict == VERDICT_FAILED || rollout->checked_at < rollout->step_time || rollout->passed != passed ||
           !is_same(rollout->reason, reason_of(look->verdict)) ||
           (look->verdict != VERDICT_THIN &&
            !is_same(rollout->message, look->text)); /* its count is news all the time */
}

void take_checks(struct endpoint *endpoint)
{
    struct rollout *rollout = &endpoint->rollout;
    bool was_fine = rollout->passed || is_same(rollout->reason, reason_of(VERDICT_THIN)), passed;
    struct look look;

    if (!endpoint->rules.check_count || !rollout->step_time)
        return;
    look = look_at_checks(endpoint);
    passed = look.verdict == VERDICT_PASSED || (look.verdict == VERDICT_THIN && thin_passes(endpoint));
    if (look.verdict == VERDICT_NONE || !is_news(rollout, &look, passed))
        return;
    if (look.at) /* else nothing was asked: it cannot be told, and no time has passed over it */
        rollout->checked_at = look.at;
    rollout->passed = passed;
    rollout->failures += look.verdict == VERDICT_FAILED;
    rollout->message = *look.text ? look.text : NULL;
    rollout->reason = reason_of(look.verdict);
    /* The deadline counts from when it was last fine; in other states it waits for its pods. */
    if (rollout->state == STATE_SHIFTING && (was_fine || passed || look.verdict == VERDICT_THIN))
        rollout->progress_time = endpoint->in->now;
}

/* What was asked has been answered since this operator started. */
static bool is_answered(const struct endpoint *endpoint)
{
    for (int i = 0; i < endpoint->rules.check_count; i++) {
        check *one = &endpoint->rules.checks[i];
        bool is_asked = one->prometheus ? endpoint->in->has_prometheus : can_ask(endpoint);

        if (is_asked && !answer_find(endpoint->in, value_key(endpoint, one)))
            return false;
    }
    return true;
}

static bool is_too_quiet(const struct endpoint *endpoint)
{
    return endpoint->rollout.reason && strcmp(endpoint->rollout.reason, "NotEnoughTraffic") == 0;
}

static void wait_for_traffic(struct endpoint *endpoint)
{
    const struct rules *rules = &endpoint->rules;
    const char *name = endpoint->candidate->recipe.name;

    endpoint->needs_person = endpoint->in->now >= endpoint->rollout.step_time + rules->hold_max;
    wait_patiently(endpoint,
                   "NotEnoughTraffic",
                   arena_printf(endpoint->arena,
                                "waits for more traffic: %s%s%s",
                                endpoint->rollout.message ? endpoint->rollout.message : "too little to tell",
                                endpoint->needs_person ? "; to go on with less, write spec.rollout.approve: " : "",
                                endpoint->needs_person ? name : ""));
}

static const char *failed_text(const struct endpoint *endpoint)
{
    const struct rollout *rollout = &endpoint->rollout;
    const char *text = rollout->message ? rollout->message : "nobody knows why";

    if (strcmp(rollout->reason, "CheckFailed") != 0)
        return arena_printf(endpoint->arena, "does not pass: %s", text);
    return arena_printf(endpoint->arena,
                        "does not pass: %s (failed looks: %d, failureLimit is %d)",
                        text,
                        rollout->failures,
                        endpoint->rules.failure_limit);
}

bool checks_let_pass(struct endpoint *endpoint)
{
    const struct rollout *rollout = &endpoint->rollout;

    if (!endpoint->rules.check_count || rollout->passed)
        return true;
    if (is_too_quiet(endpoint) && thin_passes(endpoint))
        return true;
    if (is_too_quiet(endpoint))
        wait_for_traffic(endpoint);
    else if (rollout->reason && is_answered(endpoint))
        wait_for(endpoint, rollout->reason, failed_text(endpoint));
    else
        wait_patiently(endpoint, "Checking", "waits for a look at its checks");
    return false;
}
