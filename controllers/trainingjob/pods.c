#include "../../operator/base/jb.h"
#include "mpi.h"

/* The end of a log is where the reason stands, when the program left no termination message. */
static void keep_last_words(json_t *containers)
{
    json_t *container;
    size_t index;

    json_array_foreach(containers, index, container)
        if (!jb_get(container, "terminationMessagePolicy"))
            jb_set(container, "terminationMessagePolicy", jb_str("FallbackToLogsOnError"));
}

/* Training code needs no API server: it gets a token only where its template asks for one, or names an account of its
 * own. */
static void keep_token_away(json_t *spec)
{
    if (!jb_get(spec, "automountServiceAccountToken") && !jb_get(spec, "serviceAccountName") &&
        !jb_get(spec, "serviceAccount"))
        jb_set(spec, "automountServiceAccountToken", json_false());
}

json_t *pod_body(const struct observed *in, const struct identity *identity)
{
    const struct role *role;
    json_t *pod, *spec;
    struct error err;
    struct job job;

    job_init(&job, in);
    role = find_role(&job, identity->role);
    if (!role)
        BUG("no role '%s'", identity->role);
    if (jb_parse(job_template(&job, role), &pod, &err) < 0)
        BUG("a template that was accepted: %s", err.message);
    spec = jb_child_object(pod, "spec");
    jb_set(jb_child_object(jb_child_object(pod, "metadata"), "labels"), "kitae.dev/job", jb_str(job.name));
    jb_set(spec, "hostname", jb_str(job_pod_name(&job, role, identity->index)));
    jb_set(spec, "subdomain", jb_str(job_host_service(&job)));
    jb_set(spec, "restartPolicy", jb_str("Never"));
    keep_token_away(spec);
    keep_last_words(jb_child_array(spec, "containers"));
    if (jb_get(spec, "initContainers"))
        keep_last_words(jb_child_array(spec, "initContainers"));
    add_environment(&job, role, identity->index, spec);
    mount_mpi_secret(&job, role, spec);
    add_checkpoint(&job, spec);
    add_data(&job, role, identity->index, spec);
    add_outputs(&job, role, identity->index, spec);
    return pod;
}

void want_pods(const struct job *job, struct plan *out)
{
    if (is_between_attempts(job)) {
        if (job->in->now < attempt_starts_at(job))
            plan_look_again(out, attempt_starts_at(job));
        return;
    }
    for (int i = 0; i < job->role_count; i++) {
        const struct role *role = &job->roles[i];

        for (int index = 0; index < role->replicas && !role->waits_on; index++) {
            struct identity identity = { role->name, index, job->attempt };

            if (!role->places[index].recorded)
                plan_create(out, KIND_POD, job_pod_name(job, role, index), identity, pod_body, true);
        }
    }
}
