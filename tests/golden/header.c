/* What the header of a case says. */

#include <string.h>

#include "../../operator/base/fields.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "sample.h"

static const char default_now[] = "2026-11-22T10:00:00Z";

static int read_failure(const json_t *from, struct failure *ret, struct error *err)
{
    static const char *const types[] = { "Invalid", "Denied", "Taken", "Server" };
    const char *version = jb_get_str(from, "apiVersion");

    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        if (strcmp(types[i], jb_get_str(from, "type")) != 0)
            continue;
        *ret = (struct failure){ .type = (enum failure_type)i,
                                 .kind = kind_find(*version ? version : "v1", jb_get_str(from, "kind")),
                                 .name = jb_get_str(from, "name"),
                                 .role = jb_get_str(from, "role"),
                                 .message = jb_get_str(from, "message"),
                                 .since = fields_parse_time(default_now) };
        return ret->kind == KIND_COUNT ? error_set(err, ERROR_INVALID, "failures: write apiVersion and kind of a child")
                                       : 0;
    }
    return error_set(err, ERROR_INVALID, "failures: write type Invalid, Denied, Taken or Server");
}

/* reports: {url, ca, problem, said: [{pod, text}]} */
static int read_reports(struct sample *sample, const json_t *from, struct error *err)
{
    const json_t *said = jb_get(from, "said");
    const char *problem = jb_get_str(from, "problem");

    if (!from)
        return 0;
    sample->reporting =
        (struct reporting){ jb_get_str(from, "url"), jb_get_str(from, "ca"), *problem ? problem : NULL };
    sample->input.reporting = &sample->reporting;
    sample->input.reports = sample->reports;
    sample->input.report_count = json_array_size(said);
    if (sample->input.report_count > MAX_REPORTS)
        return error_set(err, ERROR_INVALID, "reports: more than %d", MAX_REPORTS);
    for (size_t i = 0; i < sample->input.report_count; i++) {
        const json_t *one = json_array_get(said, i);

        sample->reports[i] = (struct report){ .pod = jb_get_str(one, "pod"),
                                              .at = sample->input.now,
                                              .text = slice_of(jb_get_str(one, "text")) };
    }
    return 0;
}

/* An object is written as YAML; it comes as JSON text. */
static void complete_answer(json_t *answer)
{
    auto_free char *text = NULL;

    if (!json_is_object(jb_get(answer, "text")))
        return;
    text = jb_dump(jb_get(answer, "text"), false);
    jb_set(answer, "text", jb_str(text));
}

static const char *or_null(const char *text)
{
    return *text ? text : NULL;
}

/* answers: [{key, at, error, count, good, status, slowestMs, value, text}] */
static int read_answers(struct sample *sample, json_t *from, struct error *err)
{
    sample->input.answers = sample->answers;
    sample->input.answer_count = json_array_size(from);
    if (sample->input.answer_count > MAX_ANSWERS)
        return error_set(err, ERROR_INVALID, "answers: more than %d", MAX_ANSWERS);
    for (size_t i = 0; i < sample->input.answer_count; i++) {
        json_t *one = json_array_get(from, i);
        const char *at = jb_get_str(one, "at"), *text;

        complete_answer(one);
        text = or_null(jb_get_str(one, "text"));
        sample->answers[i] = (struct answer){ .key = jb_get_str(one, "key"),
                                              .at = *at ? fields_parse_time(at) : sample->input.now,
                                              .error = or_null(jb_get_str(one, "error")),
                                              .count = (int)jb_get_int(one, "count", 0),
                                              .good = (int)jb_get_int(one, "good", 0),
                                              .misses = (int)jb_get_int(one, "misses", 3),
                                              .status = (int)jb_get_int(one, "status", 0),
                                              .slowest_ms = (int)jb_get_int(one, "slowestMs", 0),
                                              .value = or_null(jb_get_str(one, "value")),
                                              .text = text ? slice_of(text) : (struct slice){ 0 } };
        if (!*sample->answers[i].key || sample->answers[i].at < 0)
            return error_set(err, ERROR_INVALID, "answers[%zu]: write a key, and a time in `at`", i);
    }
    return 0;
}

/* absent: [HTTPRoute, ...], and forbidden likewise */
static int read_kinds(const json_t *from, bool *ret, struct error *err)
{
    for (size_t i = 0; i < json_array_size(from); i++) {
        const char *name = json_string_value(json_array_get(from, i));
        bool known = false;

        for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
            if (!name || strcmp(kind_info(kind)->kind, name) != 0 || !kind_info(kind)->optional)
                continue;
            ret[kind] = known = true;
        }
        if (!known)
            return error_set(err, ERROR_INVALID, "'%s' is no kind that a cluster may lack", name ? name : "");
    }
    return 0;
}

int sample_read_header(struct sample *sample, struct error *err)
{
    const char *now = jb_get_str(sample->header, "now");
    const json_t *failures = jb_get(sample->header, "failures");

    sample->input = (struct dry_run_input){ .objects = sample->objects,
                                            .failures = sample->failures,
                                            .failure_count = json_array_size(failures),
                                            .agent_image = "registry.example/kitae:1",
                                            .confirmed = json_is_true(jb_get(sample->header, "confirmed")),
                                            .is_outside = json_is_true(jb_get(sample->header, "outside")),
                                            .has_prometheus = json_is_true(jb_get(sample->header, "prometheus")),
                                            .now = fields_parse_time(*now ? now : default_now) };
    if (sample->input.failure_count > MAX_FAILURES || sample->input.now == -1)
        return error_set(err, ERROR_INVALID, "the header: more than %d failures, or now is no time", MAX_FAILURES);
    for (size_t i = 0; i < sample->input.failure_count; i++)
        if (read_failure(json_array_get(failures, i), &sample->failures[i], err) < 0)
            return -1;
    if (read_answers(sample, json_object_get(sample->header, "answers"), err) < 0 ||
        read_kinds(jb_get(sample->header, "absent"), sample->input.absent, err) < 0 ||
        read_kinds(jb_get(sample->header, "forbidden"), sample->input.forbidden, err) < 0)
        return -1;
    return read_reports(sample, jb_get(sample->header, "reports"), err);
}
