/* `kitae selftest`: whether an operator is at work. Makes a tiny TrainingJob, waits for what becomes of it, deletes it.
 */

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../base/jb.h"
#include "../base/memory.h"
#include "../model/observed.h"
#include "commands.h"
#include "session.h"

static const char usage[] =
    "Usage: kitae selftest [FLAGS]\n"
    "\n"
    "Makes a TrainingJob of one pod that prints a version, waits until it runs or has succeeded, and deletes it.\n"
    "`helm test` does this. Exits with 1, and what the job's status says, when it fails or nothing comes of it.";

static struct option options[] = {
    CLUSTER_OPTIONS,
    { "namespace", 'n', OPTION_TEXT, "NAME", "where (default: that of the pod or the context)" },
    { "image", 0, OPTION_TEXT, "IMAGE", "one that has kitae in it (default: " DEFAULT_AGENT_IMAGE ")" },
    { "timeout", 0, OPTION_NUMBER, "SECONDS", "how long to wait (default: 120)" },
    { NULL },
};

enum { PAUSE_MS = 500, TIMEOUT_S = 120 };

struct selftest {
    struct session session;
    const char *namespace, *image;
    char name[41];
    char *collection; /* the path of all TrainingJobs in the namespace */
};

/* What the Pod Security Standard "restricted" lets in. */
static json_t *security(void)
{
    return OBJ({ "allowPrivilegeEscalation", json_false() },
               { "readOnlyRootFilesystem", json_true() },
               { "runAsNonRoot", json_true() },
               { "runAsUser", jb_int(65532) },
               { "capabilities", OBJ({ "drop", ARR(jb_str("ALL")) }) },
               { "seccompProfile", OBJ({ "type", jb_str("RuntimeDefault") }) });
}

static json_t *job(const struct selftest *test)
{
    json_t *main = OBJ({ "name", jb_str("main") },
                       { "image", jb_str(test->image) },
                       { "command", ARR(jb_str("/usr/bin/kitae"), jb_str("version")) },
                       { "resources", OBJ({ "requests", OBJ({ "cpu", jb_str("1m") }, { "memory", jb_str("8Mi") }) }) },
                       { "securityContext", security() });

    return OBJ(
        { "apiVersion", jb_str("kitae.dev/v1alpha1") },
        { "kind", jb_str("TrainingJob") },
        { "metadata", OBJ({ "name", jb_str(test->name) }) },
        { "spec",
          OBJ({ "activeDeadlineSeconds", jb_int(TIMEOUT_S * 5) },
              { "failurePolicy", OBJ({ "maxRestarts", jb_int(0) }) },
              { "template",
                OBJ({ "metadata", json_object() },
                    { "spec",
                      OBJ({ "automountServiceAccountToken", json_false() }, { "containers", ARR(main) }) }) }) });
}

static int ask(struct selftest *test, enum http_method method, const char *suffix, json_t *take_body, struct error *err)
{
    struct strbuf path = { 0 };
    json_auto_t *body = take_body, *answer = NULL;

    strbuf_addf(&path, "%s%s", test->collection, suffix);
    return session_ask(
        &test->session,
        http_request_create(
            method, strbuf_detach(&path), body ? "application/json" : NULL, body ? jb_dump(body, false) : NULL),
        &answer,
        err);
}

/* Fills phase and message from the job's status. */
static int look(struct selftest *test, char phase[32], struct error *ret_message, struct error *err)
{
    struct strbuf path = { 0 };
    json_auto_t *answer = NULL;
    const json_t *status;

    strbuf_addf(&path, "%s/%s", test->collection, test->name);
    if (session_ask(&test->session, http_request_create(HTTP_GET, strbuf_detach(&path), NULL, NULL), &answer, err) < 0)
        return -1;
    status = jb_get(answer, "status");
    snprintf(phase, 32, "%s", jb_get_str(status, "phase"));
    error_set(ret_message, ERROR_INVALID, "%s", jb_get_str(status, "message"));
    return 0;
}

static int64_t seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* 0 once the job runs or has succeeded. */
static int wait_for_it(struct selftest *test, long seconds, struct error *err)
{
    int64_t deadline = seconds_now() + seconds;
    struct error message;
    char phase[32];

    for (;;) {
        if (look(test, phase, &message, err) < 0)
            return -1;
        if (strcmp(phase, "Running") == 0 || strcmp(phase, "Completing") == 0 || strcmp(phase, "Succeeded") == 0)
            break;
        if (strcmp(phase, "Failed") == 0)
            return error_set(err, ERROR_INVALID, "the TrainingJob has failed: %s", message.message);
        if (seconds_now() >= deadline)
            return error_set(
                err,
                ERROR_INVALID,
                "after %ld s the TrainingJob is %s: %s; if it says nothing, no operator works on namespace "
                "%s: look at its logs",
                seconds,
                phase,
                *message.message ? message.message : "(no message)",
                test->namespace);
        poll(NULL, 0, PAUSE_MS);
    }
    printf("TrainingJob %s in %s is %s\n", test->name, test->namespace, phase);
    return 0;
}

static int selftest(struct selftest *test, long seconds, struct error *err)
{
    struct strbuf suffix = { 0 };
    struct error ignored;
    int result;

    if (ask(test, HTTP_POST, "", job(test), err) < 0)
        return error_wrap(err, "cannot create a TrainingJob in %s", test->namespace);
    result = wait_for_it(test, seconds, err);
    strbuf_addf(&suffix, "/%s?propagationPolicy=Background", test->name);
    if (ask(test, HTTP_DELETE, strbuf_text(&suffix), NULL, result < 0 ? &ignored : err) < 0)
        result = -1;
    strbuf_finish(&suffix);
    return result;
}

static int command(int argc, char **argv)
{
    struct selftest test = { 0 };
    struct strbuf collection = { 0 };
    struct timespec now;
    struct error err;
    int result = options_parse(options, argc, argv, usage);
    const char *namespace = option_named(options, "namespace")->text, *image = option_named(options, "image")->text;
    long seconds = option_named(options, "timeout")->given ? option_named(options, "timeout")->number : TIMEOUT_S;

    if (result)
        return result == 1 ? 0 : result;
    if (session_open(&test.session, options, &err) < 0) {
        fprintf(stderr, "kitae selftest: %s\n", err.message);
        return 1;
    }
    test.namespace = namespace ? namespace : test.session.config.namespace;
    test.image = image ? image : DEFAULT_AGENT_IMAGE;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(test.name, sizeof(test.name), "kitae-selftest-%08llx", (unsigned long long)now.tv_nsec);
    strbuf_addf(&collection, "/apis/kitae.dev/v1alpha1/namespaces/%s/trainingjobs", test.namespace);
    test.collection = strbuf_detach(&collection);
    result = selftest(&test, seconds, &err);
    if (result < 0)
        fprintf(stderr, "kitae selftest: %s\n", err.message);
    free(test.collection);
    session_close(&test.session);
    return result < 0 ? 1 : 0;
}

const struct command selftest_command = {
    "selftest", "make a tiny TrainingJob, and tell whether an operator runs it", usage, options, .run = command,
};
