#include <string.h>

#include "../agent/pod_waits.h"
#include "job.h"

static bool waits(const struct job *job, const struct role *role, int index, struct waiting *ret)
{
    const struct object *pod = role->places[index].pod;
    const struct wait_cause *cause =
        pod && pod->pod.phase == POD_PENDING ? wait_cause_find(pod->pod.wait_reason) : NULL;

    if (!cause)
        return false;
    ret->reason = cause->name;
    ret->summary = arena_printf(job->arena, "%s-%d %s", role->name, index, cause->what);
    ret->message = arena_printf(job->arena,
                                "%s: %s%s%s",
                                ret->summary,
                                cause->advice ? cause->advice : "give the job a new name and a correct image",
                                !*pod->pod.wait_message  ? ""
                                : pod->pod.unschedulable ? ". The scheduler says: "
                                                         : ". The node says: ",
                                pod->pod.wait_message);
    return true;
}

/* dependsOn. */
static bool waits_on_role(const struct job *job, struct waiting *ret)
{
    for (int i = 0; i < job->role_count; i++) {
        const struct role *role = &job->roles[i];

        if (!role->waits_on)
            continue;
        ret->reason = "WaitingForRole";
        ret->summary = ret->message =
            arena_printf(job->arena,
                         "%s waits until all pods of %s %s",
                         role->name,
                         role->waits_on->role,
                         role->waits_on->status == TRAININGJOB_SPEC_ROLES_DEPENDS_ON_STATUS_COMPLETE ? "have succeeded"
                                                                                                     : "are ready");
        return true;
    }
    return false;
}

static const char *denial_reason(const struct failure *failure)
{
    if (failure->type == FAILURE_INVALID)
        return "InvalidTemplate";
    if (failure->type == FAILURE_SERVER)
        return "ServerTrouble";
    if (strstr(failure->message, "exceeded quota"))
        return "QuotaExceeded";
    if (strstr(failure->message, "service account"))
        return "ServiceAccountMissing";
    if (strstr(failure->message, "PodSecurity"))
        return "PodSecurityDenied";
    if (strstr(failure->message, "cannot create resource"))
        return "NotPermitted";
    return "Denied";
}

static const char *denial_advice(const char *reason)
{
    if (strcmp(reason, "QuotaExceeded") == 0)
        return "free quota in the namespace or raise it; Kitae tries again by itself";
    if (strcmp(reason, "ServiceAccountMissing") == 0)
        return "create that ServiceAccount; Kitae tries again by itself";
    if (strcmp(reason, "PodSecurityDenied") == 0)
        return "give the job a new name, and its template the securityContext that the namespace demands";
    if (strcmp(reason, "NotPermitted") == 0)
        return "an administrator must let Kitae create it";
    return "Kitae tries again by itself";
}

static void taken(const struct job *job, const struct failure *failure, struct waiting *ret)
{
    const char *kind = kind_info(failure->kind)->name;

    ret->reason = "NameTaken";
    ret->summary = arena_printf(job->arena, "%s %s cannot be created", kind, failure->name);
    ret->message =
        arena_printf(job->arena,
                     "%s: there is a %s of that name that is not this job's; delete it, or give the job a new name",
                     ret->summary,
                     kind);
}

bool find_denial(const struct job *job, struct waiting *ret)
{
    const struct failure *failure = job->in->failures;

    if (!job->in->failure_count)
        return false;
    if (failure->type == FAILURE_TAKEN) {
        taken(job, failure, ret);
        return true;
    }
    ret->reason = denial_reason(failure);
    ret->summary = arena_printf(job->arena, "%s %s cannot be created", kind_info(failure->kind)->name, failure->name);
    ret->message = arena_printf(
        job->arena, "%s: %s. The API server says: %.500s", ret->summary, denial_advice(ret->reason), failure->message);
    return true;
}

bool find_waiting(const struct job *job, struct waiting *ret)
{
    if (find_denial(job, ret))
        return true;
    for (int i = 0; i < job->role_count; i++)
        for (int index = 0; index < job->roles[i].replicas; index++)
            if (waits(job, &job->roles[i], index, ret))
                return true;
    return waits_on_role(job, ret);
}
