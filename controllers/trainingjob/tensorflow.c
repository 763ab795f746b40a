#include <string.h>

#include "../../operator/base/jb.h"
#include "../../operator/base/strbuf.h"
#include "environment.h"

enum { TENSORFLOW_PORT = 2222 }; /* as kubeflow/training-operator's TFJob */

static bool is_evaluator(const struct role *role)
{
    return strcmp(role->name, "evaluator") == 0;
}

/* The evaluator reads checkpoints and meets nobody: it is no part of TensorFlow's training cluster. */
static bool is_in_cluster(const struct role *role)
{
    return !is_evaluator(role) && (role->in_world || strcmp(role->name, "ps") == 0);
}

/* A lone pod has nobody to meet, and no TF_CONFIG, as with kubeflow/training-operator (#1078). */
bool has_tf_config(const struct job *job, const struct role *role)
{
    int tasks = 0;

    for (int i = 0; i < job->role_count; i++)
        if (is_in_cluster(&job->roles[i]) || is_evaluator(&job->roles[i]))
            tasks += job->roles[i].replicas;
    return tasks > 1 && (is_in_cluster(role) || is_evaluator(role));
}

/* "train-worker-0.train-hosts.research.svc:2222",...: all that differs is the index. */
static void add_hosts(const struct job *job, const struct role *role, struct strbuf *text)
{
    const char *before = arena_printf(job->arena, "\"%s-%s-", job->name, role->name);
    const char *after =
        arena_printf(job->arena, ".%s.%s.svc:%d\"", job_host_service(job), job->in->self->namespace, TENSORFLOW_PORT);

    for (int index = 0; index < role->replicas; index++) {
        strbuf_adds(text, index ? "," : "");
        strbuf_adds(text, before);
        strbuf_addf(text, "%d", index);
        strbuf_adds(text, after);
    }
}

/*
 * The text, not a tree: it has a host for every pod, and every pod has one. Names of jobs, roles and namespaces are DNS
 * labels, so that nothing in it needs to be escaped.
 */
static void add_tf_config(const struct seat *seat, struct strbuf *text)
{
    const struct job *job = seat->job;
    const char *glue = "";

    strbuf_adds(text, "{\"cluster\":{");
    for (int i = 0; i < job->role_count; i++) {
        if (!is_in_cluster(&job->roles[i]))
            continue;
        strbuf_addf(text, "%s\"%s\":[", glue, job->roles[i].name);
        add_hosts(job, &job->roles[i], text);
        strbuf_addc(text, ']');
        glue = ",";
    }
    strbuf_addf(
        text, "},\"task\":{\"type\":\"%s\",\"index\":%d},\"environment\":\"cloud\"}", seat->role->name, seat->index);
}

/* On the heap: a pass may make hundreds of these, of 100 KiB each, and its arena is freed at its end. */
json_t *tf_config(const struct seat *seat)
{
    auto_strbuf struct strbuf text = { 0 };

    add_tf_config(seat, &text);
    return jb_strn(strbuf_text(&text), text.length);
}

size_t longest_tf_config(const struct job *job)
{
    size_t longest = 0;

    for (int i = 0; i < job->role_count; i++) {
        const struct seat last = { job, &job->roles[i], job->roles[i].replicas - 1, NULL };
        auto_strbuf struct strbuf text = { 0 };

        if (!has_tf_config(job, last.role))
            continue;
        add_tf_config(&last, &text);
        longest = text.length > longest ? text.length : longest;
    }
    return longest;
}
