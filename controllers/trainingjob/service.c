#include "../../operator/base/jb.h"
#include "job.h"

/* Names for the pods: ready or not, since they find each other before they are ready. */
json_t *service_body(const struct observed *in, const struct identity *identity)
{
    (void)identity;
    return OBJ({ "metadata", OBJ({ "labels", OBJ({ "kitae.dev/job", jb_str(in->self->name) }) }) },
               { "spec",
                 OBJ({ "clusterIP", jb_str("None") },
                     { "publishNotReadyAddresses", json_true() },
                     { "selector", OBJ({ "kitae.dev/job", jb_str(in->self->name) }) },
                     { "ports",
                       ARR(OBJ({ "name", jb_str("rendezvous") },
                               { "port", jb_int(MASTER_PORT) },
                               { "protocol", jb_str("TCP") })) }) });
}

void want_service(const struct job *job, struct plan *out)
{
    plan_apply(out, KIND_SERVICE, job_host_service(job), service_body);
}
