#include "endpoint.h"

static void servingendpoint_plan(const struct observed *in, struct plan *out)
{
    struct endpoint endpoint;

    if (in->self->deleted_at) {
        out->keep_status = true;
        return;
    }
    endpoint_init(&endpoint, in);
    accept_endpoint(&endpoint, out);
    say_endpoint(&endpoint, out);
    ask_about_candidate(&endpoint, out);
    ask_about_route(&endpoint, out);
    confirm_model(&endpoint, out);
    retire_revisions(&endpoint, out);
    want_services(&endpoint, out);
    want_deployments(&endpoint, out);
    want_autoscalers(&endpoint, out);
    want_route(&endpoint, out);
    if (endpoint.look_again_at)
        plan_look_again(out, endpoint.look_again_at);
}

static const enum kind owns[] = { KIND_DEPLOYMENT, KIND_SERVICE,    KIND_AUTOSCALER, KIND_BUDGET,
                                  KIND_HTTP_ROUTE, KIND_GRPC_ROUTE, KIND_COUNT };
static const enum kind names[] = { KIND_MODEL, KIND_COUNT };
static const enum kind regards[] = { KIND_POD, KIND_COUNT };
static const char *const lazy_status[] = { "message", "podsReady", "replicas", "revisions", NULL };

const struct controller servingendpoint_controller = {
    .kind = KIND_SERVING_ENDPOINT,
    .owns = owns,
    .names = names,
    .regards = regards,
    .document = &servingendpoint_document_type,
    .spec = &servingendpoint_spec_type,
    .status = &servingendpoint_status_type,
    .lazy_status = lazy_status,
    .plan = servingendpoint_plan,
    .preview = preview_endpoint,
};
