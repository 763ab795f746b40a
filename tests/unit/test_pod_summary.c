#include "object_samples.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(object_decode__pod_in_every_state),
        cmocka_unit_test(object_decode__long_messages__are_cut_between_characters),
        cmocka_unit_test(object_decode__start__is_kept_of_pods_of_deployments),
        cmocka_unit_test(object_decode__start_of_a_pod__table),
    };

    return RUN_TESTS(tests);
}
