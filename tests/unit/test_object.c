#include "object_samples.h"

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
        cmocka_unit_test(object_decode__custom_resource__keeps_spec_and_status_as_text),
        cmocka_unit_test(object_decode__bad_input__table),
        cmocka_unit_test(object_decode__references__table),
        cmocka_unit_test(object_size__pod__is_within_the_budget),
        cmocka_unit_test(kinds__table__is_whole),
    };

    return RUN_TESTS(tests);
}
