#include "../../operator/base/memory.h"
#include "../../operator/base/strbuf.h"
#include "../../operator/model/object.h"
#include "unit.h"

/* JSON in these tests is written with ' for ". */
static char *json(const char *text)
{
    char *copy = xstrdup(text);

    for (char *c = copy; *c; c++)
        if (*c == '\'')
            *c = '"';
    return copy;
}

static struct object *decode(enum kind kind, const char *text)
{
    auto_free char *quoted = json(text);
    struct object *object = NULL;
    struct error err = { 0 };

    if (object_decode(kind, slice_of(quoted), &object, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    memset(quoted, 'x', strlen(quoted)); /* nothing may be borrowed from the text */
    return object;
}

/* A pod with such a status, as the API server sends it. */
static struct object *decode_pod(const char *status)
{
    auto_strbuf struct strbuf text = { 0 };

    strbuf_adds(&text,
                "{'kind':'Pod','apiVersion':'v1','metadata':{'name':'job-worker-0','namespace':'ml',"
                "'uid':'2f1c0a52-93f3-4e8b-a0a8-0c1e2a0e5a11','resourceVersion':'41',"
                "'managedFields':[{'manager':'kubelet','fieldsV1':{'f:status':{'k:{\\'type\\':\\'Ready\\'}':{}}}}]},"
                "'spec':{'containers':[{'name':'main','image':'reg/train'}],'nodeName':'node-7'},'status':");
    strbuf_adds(&text, status);
    strbuf_adds(&text, "}");
    return decode(KIND_POD, strbuf_text(&text));
}

static void object_decode__metadata__is_kept(void **state)
{
    struct object *pod = decode(
        KIND_POD,
        "{'metadata':{'name':'job-worker-3','namespace':'ml','uid':'u-1','resourceVersion':'18446744073709551614',"
        "'generation':2,'creationTimestamp':'2026-11-23T06:00:01Z','deletionTimestamp':'2026-11-23T06:00:31Z',"
        "'deletionGracePeriodSeconds':30,"
        "'labels':{'app.kubernetes.io/managed-by':'kitae','kitae.dev/role':'worker','kitae.dev/index':'3',"
        "'kitae.dev/attempt':'2','theirs':'x'},"
        "'annotations':{'kitae.dev/applied-hash':'abc123'},"
        "'finalizers':['other.io/x','kitae.dev/record'],"
        "'ownerReferences':[{'apiVersion':'v1','kind':'ConfigMap','name':'c','uid':'u-3'},"
        "{'apiVersion':'kitae.dev/v1alpha1','kind':'TrainingJob','name':'job','uid':'u-2','controller':true,"
        "'blockOwnerDeletion':true}]}}");

    (void)state;
    assert_int_equal(pod->kind, KIND_POD);
    assert_string_equal(pod->name, "job-worker-3");
    assert_string_equal(pod->namespace, "ml");
    assert_string_equal(pod->uid, "u-1");
    assert_int_equal(pod->version, UINT64_C(18446744073709551614));
    assert_int_equal(pod->generation, 2);
    assert_int_equal(pod->created_at, 1795413601);
    assert_int_equal(pod->deleted_at, 1795413631);
    assert_true(pod->managed);
    assert_true(pod->recorded_finalizer);
    assert_string_equal(pod->role, "worker");
    assert_int_equal(pod->index, 3);
    assert_int_equal(pod->attempt, 2);
    assert_string_equal(pod->hash, "abc123");
    assert_string_equal(pod->owner_uid, "u-2");
    assert_string_equal(pod->owner_name, "job");
    assert_int_equal(pod->owner_kind, KIND_TRAINING_JOB);
    object_destroy(pod);
}

static void object_decode__bare_pod__has_empty_strings(void **state)
{
    struct object *pod = decode(KIND_POD, "{'metadata':{'name':'a','uid':'u'}}");

    (void)state;
    assert_string_equal(pod->namespace, "");
    assert_string_equal(pod->owner_uid, "");
    assert_string_equal(pod->owner_name, "");
    assert_int_equal(pod->owner_kind, KIND_COUNT);
    assert_string_equal(pod->role, "");
    assert_string_equal(pod->hash, "");
    assert_int_equal(pod->index, -1);
    assert_int_equal(pod->attempt, 0);
    assert_int_equal(pod->version, 0);
    assert_int_equal(pod->deleted_at, 0);
    assert_false(pod->managed || pod->recorded_finalizer);
    assert_int_equal(pod->pod.phase, POD_PENDING);
    assert_string_equal(pod->pod.end_reason, "");
    assert_string_equal(pod->pod.wait_message, "");
    assert_string_equal(pod->pod.node, "");
    assert_null(pod->spec.data);
    object_destroy(pod);
    object_destroy(NULL);
}

static void object_decode__foreign_owner__is_none_of_our_kinds(void **state)
{
    struct object *pod = decode(KIND_POD,
                                "{'metadata':{'name':'a','uid':'u','ownerReferences':[{'apiVersion':'apps/v1',"
                                "'kind':'ReplicaSet','name':'r','uid':'u-9','controller':true}]}}");

    (void)state;
    assert_string_equal(pod->owner_uid, "u-9");
    assert_int_equal(pod->owner_kind, KIND_COUNT);
    object_destroy(pod);
}

static void object_decode__odd_labels__are_no_identity(void **state)
{
    static const struct {
        const char *index;
        int value;
    } cases[] = {
        { "0", 0 },   { "1999", 1999 }, { "2147483647", INT32_MAX },          { "2147483648", -1 }, { "-1", -1 },
        { "1x", -1 }, { "", -1 },       { "99999999999999999999999999", -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_strbuf struct strbuf text = { 0 };
        struct object *pod;

        strbuf_addf(&text, "{'metadata':{'name':'a','uid':'u','labels':{'kitae.dev/index':'%s'}}}", cases[i].index);
        pod = decode(KIND_POD, strbuf_text(&text));
        assert_int_equal(pod->index, cases[i].value);
        object_destroy(pod);
    }
}

/* What a pod in this state looks like to a decision. */
static const struct {
    const char *name, *status;
    struct pod want; /* strings NULL: "" */
} pods[] = {
    { "no status yet", "{}", { .phase = POD_PENDING } },
    { "unschedulable",
      "{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False','reason':'Unschedulable','message':"
      "'0/3 nodes are available: 3 Insufficient nvidia.com/gpu.'}]}",
      { .unschedulable = true,
        .wait_reason = "Unschedulable",
        .wait_message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu." } },
    { "scheduling gated",
      "{'phase':'Pending','conditions':[{'type':'PodScheduled','status':'False','reason':'SchedulingGated'}]}",
      { .phase = POD_PENDING } },
    { "creating",
      "{'phase':'Pending','conditions':[{'type':'Ready','status':'False'},{'type':'PodScheduled','status':'True'}],"
      "'startTime':'2026-11-23T06:00:00Z','containerStatuses':[{'name':'main','state':{'waiting':"
      "{'reason':'ContainerCreating'}}}]}",
      { .wait_reason = "ContainerCreating" } },
    { "image pull",
      "{'phase':'Pending','containerStatuses':[{'name':'main','ready':false,'state':{'waiting':{'reason':"
      "'ImagePullBackOff','message':'Back-off pulling image \\'reg/none\\''}}}]}",
      { .wait_reason = "ImagePullBackOff", .wait_message = "Back-off pulling image \"reg/none\"" } },
    { "image pull beside a container that is only being created",
      "{'phase':'Pending','containerStatuses':[{'name':'a','state':{'waiting':{'reason':'ContainerCreating'}}},"
      "{'name':'b','state':{'waiting':{'reason':'ErrImagePull','message':'no such image'}}}]}",
      { .wait_reason = "ErrImagePull", .wait_message = "no such image" } },
    { "image pull of an init container",
      "{'phase':'Pending','initContainerStatuses':[{'name':'init','state':{'waiting':{'reason':'ErrImagePull',"
      "'message':'denied'}}}],'containerStatuses':[{'name':'main','state':{'waiting':{'reason':'PodInitializing'}}}]}",
      { .wait_reason = "ErrImagePull", .wait_message = "denied" } },
    { "a second init container pulls",
      "{'phase':'Pending','initContainerStatuses':[{'name':'one','state':{'terminated':{'exitCode':0,'reason':"
      "'Completed','startedAt':'2026-11-23T06:00:00Z','finishedAt':'2026-11-23T06:00:01Z'}}},{'name':'two','state':"
      "{'waiting':{'reason':'ErrImagePull'}}}],'containerStatuses':[{'name':'main','state':{'waiting':{'reason':"
      "'PodInitializing'}}}]}",
      { .wait_reason = "ErrImagePull" } },
    { "secret missing",
      "{'phase':'Pending','containerStatuses':[{'name':'main','state':{'waiting':{'reason':"
      "'CreateContainerConfigError','message':'secret \\'key\\' not found'}}}]}",
      { .wait_reason = "CreateContainerConfigError", .wait_message = "secret \"key\" not found" } },
    { "running, not ready",
      "{'phase':'Running','conditions':[{'type':'Ready','status':'False','reason':'ContainersNotReady'}],"
      "'containerStatuses':[{'name':'main','state':{'running':{'startedAt':'2026-11-23T06:00:00Z'}}}]}",
      { .phase = POD_RUNNING } },
    { "running, ready",
      "{'phase':'Running','conditions':[{'type':'ContainersReady','status':'True'},{'type':'Ready','status':'True'}],"
      "'containerStatuses':[{'name':'main','ready':true,'state':{'running':{'startedAt':'2026-11-23T06:00:00Z'}}}]}",
      { .phase = POD_RUNNING, .ready = true } },
    { "succeeded",
      "{'phase':'Succeeded','conditions':[{'type':'Ready','status':'False','reason':'PodCompleted'}],"
      "'containerStatuses':[{'name':'main','state':{'terminated':{'exitCode':0,'reason':'Completed',"
      "'startedAt':'2026-11-23T06:00:01Z','finishedAt':'2026-11-23T06:00:31Z'}}}]}",
      { .phase = POD_SUCCEEDED,
        .ended = true,
        .started_at = 1795413601,
        .finished_at = 1795413631,
        .end_reason = "Completed" } },
    { "failed with a message",
      "{'phase':'Failed','containerStatuses':[{'name':'main','state':{'terminated':{'exitCode':42,'reason':'Error',"
      "'message':'loss is NaN\\n','startedAt':'2026-11-23T06:00:01Z','finishedAt':'2026-11-23T06:00:31Z'}}}]}",
      { .phase = POD_FAILED,
        .ended = true,
        .exit_code = 42,
        .started_at = 1795413601,
        .finished_at = 1795413631,
        .end_reason = "Error",
        .end_message = "loss is NaN\n" } },
    { "out of memory",
      "{'phase':'Failed','containerStatuses':[{'name':'main','state':{'terminated':{'exitCode':137,'reason':"
      "'OOMKilled','startedAt':'2026-11-23T06:00:01Z','finishedAt':'2026-11-23T06:00:31Z'}}}]}",
      { .phase = POD_FAILED,
        .ended = true,
        .exit_code = 137,
        .started_at = 1795413601,
        .finished_at = 1795413631,
        .end_reason = "OOMKilled" } },
    { "the earliest failure of two, after a container that ended well",
      "{'phase':'Failed','containerStatuses':["
      "{'name':'a','state':{'terminated':{'exitCode':0,'reason':'Completed','finishedAt':'2026-11-23T06:00:00Z'}}},"
      "{'name':'b','state':{'terminated':{'exitCode':143,'reason':'Error','finishedAt':'2026-11-23T06:00:31Z'}}},"
      "{'name':'c','state':{'terminated':{'exitCode':3,'reason':'Error','finishedAt':'2026-11-23T06:00:01Z'}}}]}",
      { .phase = POD_FAILED, .ended = true, .exit_code = 3, .finished_at = 1795413601, .end_reason = "Error" } },
    { "evicted before it ran",
      "{'phase':'Failed','reason':'Evicted','message':'The node was low on resource: memory.',"
      "'conditions':[{'type':'DisruptionTarget','status':'True','reason':'TerminationByKubelet'}],"
      "'containerStatuses':[{'name':'main','state':{'waiting':{'reason':'ContainerCreating'}}}]}",
      { .phase = POD_FAILED,
        .disrupted = true,
        .end_reason = "Evicted",
        .end_message = "The node was low on resource: memory.",
        .wait_reason = "ContainerCreating" } },
    { "evicted while it ran",
      "{'phase':'Failed','reason':'Evicted','message':'The node was low on resource: memory.',"
      "'conditions':[{'type':'DisruptionTarget','status':'True'}],'containerStatuses':[{'name':'main','state':"
      "{'terminated':{'exitCode':137,'reason':'Error','finishedAt':'2026-11-23T06:00:31Z'}}}]}",
      { .phase = POD_FAILED,
        .disrupted = true,
        .ended = true,
        .exit_code = 137,
        .finished_at = 1795413631,
        .end_reason = "Evicted",
        .end_message = "The node was low on resource: memory." } },
    { "a disruption that did not come",
      "{'phase':'Running','conditions':[{'type':'DisruptionTarget','status':'False'}]}",
      { .phase = POD_RUNNING } },
    { "an init container failed",
      "{'phase':'Failed','initContainerStatuses':[{'name':'init','state':{'terminated':{'exitCode':5,'reason':'Error',"
      "'message':'no data','finishedAt':'2026-11-23T06:00:01Z'}}}],'containerStatuses':[{'name':'main','state':"
      "{'waiting':{'reason':'PodInitializing'}}}]}",
      { .phase = POD_FAILED,
        .ended = true,
        .exit_code = 5,
        .finished_at = 1795413601,
        .end_reason = "Error",
        .end_message = "no data",
        .wait_reason = "PodInitializing" } },
    { "init done, main runs",
      "{'phase':'Running','initContainerStatuses':[{'name':'init','state':{'terminated':{'exitCode':0,'reason':"
      "'Completed','finishedAt':'2026-11-23T06:00:01Z'}}}],'containerStatuses':[{'name':'main','state':{'running':{}}}]"
      "}",
      { .phase = POD_RUNNING } },
    { "main ended, held by a sidecar",
      "{'phase':'Running','containerStatuses':[{'name':'main','state':{'terminated':{'exitCode':0,'reason':'Completed',"
      "'startedAt':'2026-11-23T06:00:01Z','finishedAt':'2026-11-23T06:00:31Z'}}},{'name':'logger','ready':true,'state':"
      "{'running':{'startedAt':'2026-11-23T06:00:00Z'}}}]}",
      { .phase = POD_RUNNING,
        .ended = true,
        .started_at = 1795413601,
        .finished_at = 1795413631,
        .end_reason = "Completed" } },
    { "succeeded, its native sidecar was stopped with 143",
      "{'phase':'Succeeded','initContainerStatuses':[{'name':'mesh','state':{'terminated':{'exitCode':143,'reason':"
      "'Error','finishedAt':'2026-11-23T06:00:35Z'}}}],'containerStatuses':[{'name':'main','state':{'terminated':"
      "{'exitCode':0,'reason':'Completed','finishedAt':'2026-11-23T06:00:31Z'}}}]}",
      { .phase = POD_SUCCEEDED, .ended = true, .finished_at = 1795413631, .end_reason = "Completed" } },
    { "a native sidecar restarts while main runs",
      "{'phase':'Running','initContainerStatuses':[{'name':'mesh','restartCount':2,'state':{'terminated':"
      "{'exitCode':1,'reason':'Error','finishedAt':'2026-11-23T06:00:35Z'}}}],'containerStatuses':[{'name':'main',"
      "'state':{'running':{}}}]}",
      { .phase = POD_RUNNING } },
    { "deadline exceeded",
      "{'phase':'Failed','reason':'DeadlineExceeded','message':'Pod was active on the node longer than the deadline'}",
      { .phase = POD_FAILED,
        .end_reason = "DeadlineExceeded",
        .end_message = "Pod was active on the node longer than the deadline" } },
    { "unknown phase", "{'phase':'Unknown'}", { .phase = POD_PENDING } },
};

static const char *or_empty(const char *text)
{
    return text ? text : "";
}

static void object_decode__pod_in_every_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
        struct object *object = decode_pod(pods[i].status);
        const struct pod *pod = &object->pod, *want = &pods[i].want;

        if (pod->phase != want->phase || pod->ready != want->ready || pod->unschedulable != want->unschedulable ||
            pod->disrupted != want->disrupted || pod->ended != want->ended || pod->exit_code != want->exit_code ||
            pod->started_at != want->started_at || pod->finished_at != want->finished_at)
            fail_msg("%s: phase %d ready %d unschedulable %d disrupted %d ended %d code %d from %lld to %lld",
                     pods[i].name,
                     pod->phase,
                     pod->ready,
                     pod->unschedulable,
                     pod->disrupted,
                     pod->ended,
                     pod->exit_code,
                     (long long)pod->started_at,
                     (long long)pod->finished_at);
        if (strcmp(pod->end_reason, or_empty(want->end_reason)) != 0 ||
            strcmp(pod->end_message, or_empty(want->end_message)) != 0 ||
            strcmp(pod->wait_reason, or_empty(want->wait_reason)) != 0 ||
            strcmp(pod->wait_message, or_empty(want->wait_message)) != 0)
            fail_msg("%s: ended '%s' '%s', waits '%s' '%s'",
                     pods[i].name,
                     pod->end_reason,
                     pod->end_message,
                     pod->wait_reason,
                     pod->wait_message);
        assert_string_equal(pod->node, "node-7");
        object_destroy(object);
    }
}

/* A pod whose container ended with, or waits with, a message of so many times 3 bytes. */
static struct object *decode_long(const char *before, size_t count, const char *after)
{
    auto_strbuf struct strbuf status = { 0 };

    strbuf_adds(&status, before);
    for (size_t i = 0; i < count; i++)
        strbuf_adds(&status, "\xe9\x8d\x9b");
    strbuf_adds(&status, after);
    return decode_pod(strbuf_text(&status));
}

static void object_decode__long_messages__are_cut_between_characters(void **state)
{
    struct object *ended = decode_long("{'phase':'Failed','containerStatuses':[{'name':'a','state':{'terminated':{"
                                       "'exitCode':1,'message':'",
                                       500,
                                       "!'}}}]}");
    struct object *waits =
        decode_long("{'containerStatuses':[{'name':'a','state':{'waiting':{'reason':'x','message':'", 500, "!'}}}]}");

    (void)state;
    assert_int_equal(strlen(ended->pod.end_message), 1024); /* 341 characters and the ! that ends it */
    assert_memory_equal(ended->pod.end_message, "\xe9\x8d\x9b", 3);
    assert_int_equal(ended->pod.end_message[1023], '!');
    assert_int_equal(strlen(waits->pod.wait_message), 255);
    assert_memory_equal(waits->pod.wait_message + 252, "\xe9\x8d\x9b", 4);
    object_destroy(ended);
    object_destroy(waits);
}

static void object_decode__custom_resource__keeps_spec_and_status_as_text(void **state)
{
    struct object *job = decode(KIND_TRAINING_JOB,
                                "{'metadata':{'name':'j','namespace':'ml','uid':'u'},'spec':{'x': [1, {'y':null}]},"
                                "'status':{'phase':'Running'}}");
    struct object *fresh = decode(KIND_TRAINING_JOB, "{'metadata':{'name':'j','uid':'u'},'spec':{}}");

    (void)state;
    assert_true(slice_is(job->spec, "{\"x\": [1, {\"y\":null}]}"));
    assert_int_equal(job->spec.data[job->spec.length], '\0');
    assert_true(slice_is(job->status, "{\"phase\":\"Running\"}"));
    assert_int_equal(job->status.data[job->status.length], '\0');
    assert_true(slice_is(fresh->spec, "{}"));
    assert_null(fresh->status.data);
    object_destroy(job);
    object_destroy(fresh);
}

static void object_decode__bad_input__table(void **state)
{
    static const char *const cases[][2] = {
        { "[]", "expected an object" },
        { "{}", "without metadata" },
        { "{'metadata':{'name':'a'}}", "metadata.uid" },
        { "{'metadata':{'uid':'u'}}", "metadata.name" },
        { "{'metadata':{'name':'a','uid':'u'},'status':[]}", "status: expected an object" },
        { "{'metadata':{'name':'a','uid':'u'},'status':{'containerStatuses':[{'state':{'terminated':{'exitCode':1.5}}}]"
          "}}",
          "status.containerStatuses[0].state.terminated.exitCode: expected a whole number" },
        { "{'metadata':{'name':'a','uid':'u','creationTimestamp':'now'}}", "metadata.creationTimestamp: 'now'" },
        { "{'metadata':{'name':'a','uid':'u'}", "ends too early" },
        { "", "expected an object" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_free char *text = json(cases[i][0]);
        struct object *object = NULL;
        struct error err = { 0 };

        if (object_decode(KIND_POD, slice_of(text), &object, &err) != -1)
            fail_msg("%s was accepted", cases[i][0]);
        assert_int_equal(err.kind, ERROR_INVALID);
        assert_contains(err.message, cases[i][1]);
        assert_null(object);
    }
}

/* A pod with such owners, labels and status. */
static struct object *decode_owned(const char *owner, const char *label, const char *status)
{
    auto_strbuf struct strbuf text = { 0 };

    strbuf_addf(&text,
                "{'metadata':{'name':'chat-1','uid':'u','labels':{'kitae.dev/role':'chat-0a1b2c3d'%s},"
                "'ownerReferences':[{%s,'name':'r','uid':'u-9','controller':true}]},'status':%s}",
                label,
                owner,
                status);
    return decode(KIND_POD, strbuf_text(&text));
}

#define REPLICA_SET "'apiVersion':'apps/v1','kind':'ReplicaSet'"
#define OUR_LABEL   ",'kitae.dev/owner-uid':'u-e'"

static void object_decode__start__is_kept_of_pods_of_deployments(void **state)
{
    static const struct {
        const char *owner, *label;
        bool kept;
    } cases[] = {
        { REPLICA_SET, OUR_LABEL, true },
        { REPLICA_SET, "", false },
        { REPLICA_SET, ",'kitae.dev/owner-uid':''", false },
        { "'apiVersion':'batch/v1','kind':'Job'", OUR_LABEL, false },
        { "'apiVersion':'example.org/v1','kind':'ReplicaSet'", OUR_LABEL, false },
        { "'apiVersion':'kitae.dev/v1alpha1','kind':'TrainingJob'", OUR_LABEL, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct object *pod = decode_owned(cases[i].owner, cases[i].label, "{'phase':'Pending'}");

        if ((pod->pod.start != NULL) != cases[i].kept)
            fail_msg("case %zu: %s", i, pod->pod.start ? "kept" : "not kept");
        object_destroy(pod);
    }
}

#define AT(second) (1795413600 + (second)) /* 2026-11-23T06:00:00Z */

static const struct {
    const char *name, *status;
    struct pod_start want; /* strings NULL: "" */
} starts[] = {
    { "not scheduled yet",
      "{'conditions':[{'type':'PodScheduled','status':'False','lastTransitionTime':'2026-11-23T06:00:01Z'}]}",
      { 0 } },
    { "fetches",
      "{'conditions':[{'type':'PodScheduled','status':'True','lastTransitionTime':'2026-11-23T06:00:01Z'},"
      "{'type':'Ready','status':'False','lastTransitionTime':'2026-11-23T06:00:01Z'}],"
      "'initContainerStatuses':[{'name':'fetch','restartCount':0,'lastState':{},'state':{'running':{'startedAt':"
      "'2026-11-23T06:00:03Z'}}}],'containerStatuses':[{'name':'main','state':{'waiting':{'reason':"
      "'PodInitializing'}}}]}",
      { .scheduled_at = AT(1), .fetch_started_at = AT(3) } },
    { "fetches again",
      "{'initContainerStatuses':[{'name':'fetch','restartCount':1,'lastState':{'terminated':{'exitCode':1,'message':"
      "'no such key','startedAt':'2026-11-23T06:00:03Z','finishedAt':'2026-11-23T06:00:04Z'}},'state':{'running':"
      "{'startedAt':'2026-11-23T06:00:14Z'}}}],'containerStatuses':[{'name':'main','state':{'waiting':{}}}]}",
      { .fetch_started_at = AT(14),
        .restarts = 1,
        .fetch_message = "no such key",
        .crash_message = "no such key",
        .crash_code = 1 } },
    { "ready",
      "{'conditions':[{'type':'PodScheduled','status':'True','lastTransitionTime':'2026-11-23T06:00:01Z'},"
      "{'type':'Ready','status':'True','lastTransitionTime':'2026-11-23T06:00:30Z'}],"
      "'initContainerStatuses':[{'name':'fetch','restartCount':0,'state':{'terminated':{'exitCode':0,'message':"
      "'7 bytes','startedAt':'2026-11-23T06:00:03Z','finishedAt':'2026-11-23T06:00:13Z'}}},{'name':'mesh',"
      "'restartCount':0,'state':{'running':{'startedAt':'2026-11-23T06:00:14Z'}}}],"
      "'containerStatuses':[{'name':'main','restartCount':0,'state':{'running':{'startedAt':'2026-11-23T06:00:20Z'}}},"
      "{'name':'proxy','restartCount':0,'state':{'running':{'startedAt':'2026-11-23T06:00:15Z'}}}]}",
      { .scheduled_at = AT(1),
        .fetch_started_at = AT(3),
        .fetch_finished_at = AT(13),
        .running_at = AT(20),
        .ready_at = AT(30),
        .fetch_message = "7 bytes" } },
    { "one of two containers is not started yet",
      "{'containerStatuses':[{'name':'main','state':{'waiting':{'reason':'ContainerCreating'}}},"
      "{'name':'proxy','state':{'running':{'startedAt':'2026-11-23T06:00:15Z'}}}]}",
      { 0 } },
    { "crashes again and again",
      "{'conditions':[{'type':'Ready','status':'False','lastTransitionTime':'2026-11-23T06:00:30Z'}],"
      "'containerStatuses':[{'name':'main','restartCount':3,'state':{'waiting':{'reason':'CrashLoopBackOff'}},"
      "'lastState':{'terminated':{'exitCode':2,'reason':'Error','message':'no CUDA device','startedAt':"
      "'2026-11-23T06:00:40Z','finishedAt':'2026-11-23T06:00:41Z'}}},"
      "{'name':'proxy','restartCount':1,'state':{'running':{'startedAt':'2026-11-23T06:00:15Z'}},'lastState':"
      "{'terminated':{'exitCode':9,'message':'old','finishedAt':'2026-11-23T06:00:14Z'}}}]}",
      { .running_at = AT(40), .restarts = 4, .crash_message = "no CUDA device", .crash_code = 2 } },
    { "crashed without a word",
      "{'containerStatuses':[{'name':'main','restartCount':1,'state':{'waiting':{'reason':'CrashLoopBackOff'}},"
      "'lastState':{'terminated':{'exitCode':137,'reason':'OOMKilled','message':'','startedAt':"
      "'2026-11-23T06:00:40Z','finishedAt':'2026-11-23T06:00:41Z'}}}]}",
      { .running_at = AT(40), .restarts = 1, .crash_message = "OOMKilled", .crash_code = 137 } },
};

static void object_decode__start_of_a_pod__table(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
        struct object *pod = decode_owned(REPLICA_SET, OUR_LABEL, starts[i].status);
        const struct pod_start *start = pod->pod.start, *want = &starts[i].want;

        if (start->scheduled_at != want->scheduled_at || start->fetch_started_at != want->fetch_started_at ||
            start->fetch_finished_at != want->fetch_finished_at || start->running_at != want->running_at ||
            start->ready_at != want->ready_at || start->restarts != want->restarts ||
            start->crash_code != want->crash_code)
            fail_msg("%s: scheduled %lld fetch %lld-%lld running %lld ready %lld restarts %d code %d",
                     starts[i].name,
                     (long long)start->scheduled_at,
                     (long long)start->fetch_started_at,
                     (long long)start->fetch_finished_at,
                     (long long)start->running_at,
                     (long long)start->ready_at,
                     start->restarts,
                     start->crash_code);
        if (strcmp(start->fetch_message, or_empty(want->fetch_message)) != 0 ||
            strcmp(start->crash_message, or_empty(want->crash_message)) != 0)
            fail_msg("%s: fetched '%s', crashed '%s'", starts[i].name, start->fetch_message, start->crash_message);
        assert_string_equal(pod->role, "chat-0a1b2c3d");
        assert_string_equal(pod->grandparent_uid, "u-e");
        assert_in_range(object_size(pod), sizeof(*pod) + sizeof(*start), 1024);
        object_destroy(pod);
    }
}

static void object_decode__references__table(void **state)
{
    static const struct {
        enum kind kind;
        const char *parts, *references;
    } cases[] = {
        { KIND_TRAINING_JOB,
          "'spec':{'data':[{'dataSetRef':{'name':'a'}},{'dataSetRef':{'name':'a'}}],'outputs':[{'modelRef':{'name':"
          "'m'}}]}",
          "datasets/a models/m " },
        { KIND_TRAINING_JOB, "'spec':{},'status':{'revisions':[{'model':'m'}]}", "" },
        { KIND_SERVING_ENDPOINT, "'spec':{'modelRef':{'name':'chat'}}", "models/chat " },
        { KIND_SERVING_ENDPOINT,
          "'spec':{'modelRef':{'name':'new'}},'status':{'phase':'Ready','revisions':[{'name':'e-1','model':'old',"
          "'digest':'x'},{'name':'e-2','model':'new'},{'name':'e-3','model':'old'},{'name':'e-4'},{'model':''}]}",
          "models/new models/old " },
        { KIND_SERVING_ENDPOINT, "'spec':{'modelRef':7},'status':{'revisions':[{'model':'old'}]}", "models/old " },
        { KIND_SERVING_ENDPOINT, "'spec':{'modelRef':{'name':'chat'}},'status':{'revisions':7}", "models/chat " },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        auto_strbuf struct strbuf text = { 0 };
        struct object *object;

        strbuf_addf(&text, "{'metadata':{'name':'e','uid':'u'},%s}", cases[i].parts);
        object = decode(cases[i].kind, strbuf_text(&text));
        assert_string_equal(object->references, cases[i].references);
        object_destroy(object);
    }
}

static void object_size__pod__is_within_the_budget(void **state)
{
    struct object *pod = decode(
        KIND_POD,
        "{'metadata':{'name':'search-index-20261122-worker-1023','namespace':'ml-production',"
        "'uid':'2f1c0a52-93f3-4e8b-a0a8-0c1e2a0e5a11','resourceVersion':'123456789',"
        "'labels':{'app.kubernetes.io/managed-by':'kitae','kitae.dev/role':'worker','kitae.dev/index':'1023'},"
        "'ownerReferences':[{'apiVersion':'kitae.dev/v1alpha1','kind':'TrainingJob','name':'search-index-20261122',"
        "'uid':'7d2c0a52-93f3-4e8b-a0a8-0c1e2a0e5a12','controller':true}]},"
        "'spec':{'nodeName':'ip-10-0-123-45.ap-northeast-1.compute.internal'},"
        "'status':{'phase':'Running','containerStatuses':[{'name':'main','state':{'running':{}}}]}}");

    (void)state;
    assert_true(object_size(pod) <= 600); /* architecture.md, section 3 */
    object_destroy(pod);
}

static void kinds__table__is_whole(void **state)
{
    (void)state;
    for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
        const struct kind_info *info = kind_info(kind);
        auto_strbuf struct strbuf api_version = { 0 };

        assert_non_null(info->kind);
        assert_non_null(info->plural);
        assert_non_null(info->name);
        strbuf_addf(&api_version, "%s%s%s", info->group, *info->group ? "/" : "", info->version);
        assert_string_equal(kind_api_version(kind), strbuf_text(&api_version));
        assert_int_equal(kind_find(kind_api_version(kind), info->kind), kind);
    }
    assert_int_equal(kind_find("v1", "TrainingJob"), KIND_COUNT);
    assert_int_equal(kind_find("apps/v1", "Pod"), KIND_COUNT);
    assert_int_equal(kind_find("v1", "ConfigMap"), KIND_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(object_decode__metadata__is_kept),
        cmocka_unit_test(object_decode__bare_pod__has_empty_strings),
        cmocka_unit_test(object_decode__foreign_owner__is_none_of_our_kinds),
        cmocka_unit_test(object_decode__odd_labels__are_no_identity),
        cmocka_unit_test(object_decode__pod_in_every_state),
        cmocka_unit_test(object_decode__long_messages__are_cut_between_characters),
        cmocka_unit_test(object_decode__custom_resource__keeps_spec_and_status_as_text),
        cmocka_unit_test(object_decode__bad_input__table),
        cmocka_unit_test(object_decode__start__is_kept_of_pods_of_deployments),
        cmocka_unit_test(object_decode__start_of_a_pod__table),
        cmocka_unit_test(object_decode__references__table),
        cmocka_unit_test(object_size__pod__is_within_the_budget),
        cmocka_unit_test(kinds__table__is_whole),
    };

    return RUN_TESTS(tests);
}
