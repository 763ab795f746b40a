#pragma once
/*
 * What is the case for one TrainingJob, worked out once a pass from what was observed. The files of this folder read it
 * and say what follows; only job.c fills it.
 */

#include "../../operator/base/jb.h"
#include "../../operator/model/plan.h"
#include "../agent/record.h"
#include "trainingjob_fields.h"

struct dataset_spec;
struct model_spec;

enum {
    MAX_ROLES = 16,
    MAX_ATTEMPTS = 10,
    MAX_REPLACING = 64,
    MAX_DATA = 16,
    MAX_OUTPUTS = 8,
    MASTER_PORT = 29500,
    SILENT_AFTER = 30, /* seconds behind its grace period: a pod's node does not answer */
};

/* One place of a role: (role, index). */
struct place {
    const struct object *pod; /* of the current attempt; NULL: there is none */
    bool replaced;            /* its pod failed, and status says that it is made anew */
    bool to_replace;          /* ... this plan says so */
    bool renewed;             /* ... that pod is gone: the next one is not lost, but still to be made */
    bool recorded;            /* its success is in status: it never runs again in this attempt */
    bool stopped;             /* by a suspension: that it ended well then says nothing, for so do those that save their
                                 work when they are told to stop */
};

struct role {
    const struct trainingjob_spec_roles *spec;
    const struct trainingjob_status_roles *status; /* NULL: none yet */
    const char *name;
    int order; /* in spec.roles */
    int replicas;
    int processes;                                            /* per replica */
    bool in_world;                                            /* takes part in the rendezvous */
    bool decides;                                             /* success, by the success policy */
    const struct trainingjob_spec_roles_depends_on *waits_on; /* before its first pod is made; NULL: for nothing */
    int first_rank;       /* of its replica 0, counted in replicas; only in the world */
    bool created;         /* every pod of this attempt was seen once: one that is missing now is lost */
    struct place *places; /* one for each replica */
    int active, ready, running, leaving, succeeded, failed, missing;
};

/* The one failure that a person should look at. */
struct blame {
    const char *role; /* NULL: nothing failed */
    int index;
    const char *node;
    bool ended; /* a container ended, with this code */
    int exit_code;
    const char *reason;
    const char *log_tail;
    int64_t ended_at; /* seconds since 1970; 0: unknown */
    int64_t ran_for;  /* seconds that its container ran; -1: unknown */
};

/* One of spec.data, and the version that it stands for. */
struct datum {
    const struct trainingjob_spec_data *spec;
    const struct dataset_spec *set; /* NULL: there is no such DataSet, or it cannot be read */
    const char *name;               /* of the DataSet */
    const char *version, *digest;   /* NULL: none yet */
    bool recorded;                  /* ... in the status that was observed */
};

/* One of spec.outputs, and what has become of it. */
struct output {
    const struct trainingjob_spec_outputs *spec;
    const struct model_spec *model; /* NULL: there is no such Model, or it cannot be read */
    const char *name;               /* of the Model */
    struct record record;           /* of its publish Jobs */
    struct run run;                 /* the one under way */
    const char *digest;             /* published; NULL: not yet */
    const char *version;            /* that the Model lists it as; NULL: not yet */
    bool failed;                    /* this plan takes down that it failed */
};

enum outcome { OUTCOME_OPEN, OUTCOME_SUCCEEDED, OUTCOME_FAILED };

struct job {
    const struct observed *in;
    const struct trainingjob_spec *spec;
    const struct trainingjob_status *status;
    struct arena *arena;
    const char *name;
    int attempt;                                               /* the present one: recorded, or begun by this plan */
    struct trainingjob_status_attempts attempts[MAX_ATTEMPTS]; /* as status will have them, the present one last */
    int attempt_count;
    int recorded_attempts; /* so many of them, the first ones, are in status already */
    struct trainingjob_status_replacing replacing[MAX_REPLACING]; /* as status will have them */
    int replacing_count;
    bool begins_again; /* this plan ends an attempt and begins the next */
    bool resumes;      /* ... because the job is not suspended any more */
    bool rests;        /* suspended: no pod is made, and those that are there are stopped */
    int64_t suspended; /* seconds, without the suspension that lasts */
    bool spent;        /* it would, but the restarts are used up */
    int restarts, restarts_without_progress;
    int64_t accelerator_seconds; /* as status will have them */
    bool accelerators_counted;   /* by this plan */
    struct role roles[MAX_ROLES];
    int role_count;
    int desired, active, ready, running, leaving, succeeded, missing; /* pods, over all roles */
    int world;                                                        /* replicas in the world */
    enum trainingjob_spec_success_policy_require require;             /* how much of the roles that decide */
    struct datum data[MAX_DATA];
    int data_count;
    struct output outputs[MAX_OUTPUTS];
    int output_count;
    const char *waits_for_data; /* why the job cannot begin: a sentence; NULL: it can */
    const char *lost_pod;       /* the blame is that this pod is missing: to be proved first; NULL: no */
    struct blame blame;         /* of this attempt, recorded or seen now */
    struct blame told;          /* status.lastFailure: of this attempt or an earlier one */
    enum outcome outcome;       /* decided: recorded before, or by what is seen now */
    bool outcome_recorded;      /* ... in status already */
    bool finished;              /* the terminal condition is set: nothing changes any more */
};

void job_init(struct job *job, const struct observed *in);

const char *job_host_service(const struct job *job);                                 /* "<job>-hosts" */
const char *job_pod_name(const struct job *job, const struct role *role, int index); /* "<job>-<role>-<index>" */

/* The template of a role as JSON text: its own, or the job's. */
struct slice job_template(const struct job *job, const struct role *role);

/* The role and index of the master: chief, else worker 0, else the first of the first role. */
const struct role *job_master(const struct job *job);

/* For a role of which a pod has failed in this attempt. */
bool waits_in_vain(const struct job *job, const struct role *role);

/* Some pod was there or is, so that the template can no longer change. */
bool has_pods(const struct job *job);
int pods_left(const struct job *job); /* that have not ended, of any attempt */
bool was_said(const struct job *job, const char *condition);

bool place_has_succeeded(const struct place *place); /* seen or recorded */
bool pod_is_over(const struct object *pod);          /* has reached a phase that it never leaves */
bool pod_never_ran(const struct object *pod);        /* being deleted before it was given a node */

/*
 * When a pod that is being deleted counts as lost with its node: the kubelet should have stopped it by the end of its
 * grace period, which deletionTimestamp names. Seconds since 1970; INT64_MAX: never.
 */
int64_t pod_hangs_at(const struct object *pod);

/* "0,2-5" and back. Marks and reads recorded successes; what cannot be read counts as nothing recorded. */
void intervals_parse(const char *text, struct place *places, int count);
const char *intervals_format(const struct role *role, struct arena *arena);

/* ends.c: when the job has succeeded, and what happens when it is over. */
void init_success(struct job *job);
bool job_has_succeeded(const struct job *job);
bool deadline_has_passed(const struct job *job);
void watch_deadline(const struct job *job, struct plan *out);
bool keeps_running_pods(const struct job *job);         /* cleanPodPolicy None */
void clean_up(const struct job *job, struct plan *out); /* pods, and by its TTL the job itself */

/* -- decisions, one file each; each says its part to the plan -- */

/* accept.c: fields whose behaviour is not there yet, and templates that cannot be used. False: Accepted is False. */
bool accept_job(const struct job *job, struct plan *out);
bool is_refused_by_server(const struct job *job); /* a child was, for what it is (400, 422) */

/* service.c, pods.c */
void want_service(const struct job *job, struct plan *out);
void want_pods(const struct job *job, struct plan *out);
json_t *service_body(const struct observed *in, const struct identity *identity);
json_t *pod_body(const struct observed *in, const struct identity *identity);

/* environment.c: adds the environment to every container of a pod's spec; says which of it the template replaces. */
void add_environment(const struct job *job, const struct role *role, int index, json_t *pod_spec);
void say_overrides(const struct job *job, struct plan *out);

/* records.c: which pods may lose the finalizer, and which must go: those that run on, and those of older attempts. */
void release_pods(const struct job *job, struct plan *out);
void drop_old_pods(const struct job *job, struct plan *out);
void stop_pod(const struct job *job, const struct object *pod, struct plan *out); /* by force where that is asked for */

/* blame.c: finds the failure to blame among the pods of this attempt; reads what status says of one. */
void find_blame(struct job *job);
void read_told_blame(struct job *job);

/*
 * accelerators.c: adds the seconds that pods held accelerators, each pod once: with the status that first says that it
 * is done with. Where an attempt ends, all its pods are; what they take to stop is not counted.
 */
void count_accelerators(struct job *job, bool ended);

/* restarts.c: what follows from a failure, and the record of attempts. */
void read_attempts(struct job *job);
bool failure_is_recorded(const struct job *job);                           /* of this attempt */
bool failure_is_ignored(const struct job *job, const struct blame *blame); /* by a rule of the user's */
void decide_restart(struct job *job);                                      /* after find_blame */
void read_replacing(struct job *job);                                      /* before the pods are counted */
json_t *replacing_status(const struct job *job);
void end_by_suspension(struct job *job);          /* the present attempt */
void resume_attempt(struct job *job);             /* the next one begins */
bool restarts_are_spent(const struct job *job);   /* job->blame would lead to a restart, were there any left */
int64_t recorded_run(const struct job *job);      /* seconds that the blamed pod of this attempt ran, -1: unknown */
int64_t attempt_starts_at(const struct job *job); /* its first pod, after the back-off */
bool is_before_first_pod(const struct job *job);  /* of this attempt: what its pods need is made now */
bool is_between_attempts(const struct job *job);  /* pods of an earlier one are left, or the back-off is not over */
json_t *attempts_status(const struct job *job);

/* suspension.c: an attempt that is suspended has ended; the job goes on with the next. */
bool attempt_is_suspended(const struct trainingjob_status_attempts *attempt);
bool follows_suspension(const struct job *job); /* the attempt before was suspended */
bool was_suspended(const struct job *job);      /* the present attempt, in the status that was observed */
void decide_suspension(struct job *job);        /* where nothing has succeeded or failed */
void say_suspension(const struct job *job, struct plan *out, bool stopped);
const char *suspended_text(const struct job *job, bool stopped);

/* checkpoint.c: the volume that attempts leave to each other, and the time to write to it. */
void want_checkpoint_claim(const struct job *job, struct plan *out);
void add_checkpoint(const struct job *job, json_t *pod_spec);
const char *checkpoint_path(const struct job *job); /* in the containers; with spec.checkpoint */

/* data.c: which version of each DataSet the job is pinned to, from its start to its end. */
void find_data(struct job *job);
const char *unusable_data(const struct job *job); /* why it can never be delivered like this; NULL: it can */
bool data_is_pinned(const struct job *job);       /* all of it, in the status that was observed */
void say_data(const struct job *job, struct plan *out);
void confirm_data(const struct job *job, struct plan *out); /* before the first pod: that no version is being removed */

/* delivery.c: how the data comes into the pods. */
const char *data_path(const struct job *job, const struct datum *datum); /* in the containers */
const char *shard_dir(const struct job *job);                            /* NULL: no data is sharded */
void add_data(const struct job *job, const struct role *role, int index, json_t *pod_spec);

/* outputs.c: folders of their own, which are published when the work is done; the job has ended when they are listed.
 */
void find_outputs(struct job *job);                 /* and what follows from what their Jobs have done */
const char *unusable_output(const struct job *job); /* why it can never be published like this; NULL: it can */
bool outputs_are_listed(const struct job *job);
bool is_publishing(const struct job *job); /* or waits to: the work is done, and all is written */
void begin_outputs(struct job *job, struct plan *out);
void want_output_claims(const struct job *job, struct plan *out);
void want_outputs(const struct job *job, struct plan *out);
void add_outputs(const struct job *job, const struct role *role, int index, json_t *pod_spec);
const struct output *next_output_of(const struct job *job, const struct role *role, int index, int *at);
json_t *outputs_status(const struct job *job);
const char *publishing_text(const struct job *job); /* what it waits for, or what is wrong; only while it does */
const char *output_failure(const struct job *job);  /* a reason; NULL: nothing is wrong */
void say_output_events(const struct job *job, struct plan *out);

/* spec_hash.c: what an attempt runs, and what of it was changed since. */
const char *spec_hash(const struct job *job);
void say_changes(const struct job *job, struct plan *out);

/* job.c: NULL: the job has none such. A job that may be changed may be changed through them, as with strchr. */
struct role *find_role(const struct job *job, const char *name);
struct place *find_place(const struct job *job, const char *role, int64_t index);

/* job.c: after a place has changed. */
void count_again(struct job *job);

/* job.c: the places are empty again, and nothing is recorded of them. */
void job_next_attempt(struct job *job);

/* waiting.c: why the job is not running yet, in words; NULL when nothing is known to be in the way. */
struct waiting {
    const char *reason;  /* CamelCase, for conditions: ImagePullBackOff, Unschedulable, QuotaExceeded, ... */
    const char *summary; /* stable words */
    const char *message; /* with the server's words and what to do */
};
bool find_waiting(const struct job *job, struct waiting *ret);
bool find_denial(const struct job *job, struct waiting *ret); /* only what the server refused us */

/* words.c: what people read, in the arena. */
const char *pods_text(const struct job *job, int count); /* "1 pod", "3 pods" */
const char *success_text(const struct job *job);         /* "All 4 workers succeeded" */
const char *hanging_text(const struct job *job);         /* "; train-worker-0 hangs on node n2, ...", or "" */
const char *failure_text(const struct job *job,
                         const struct blame *blame); /* "worker-1 failed on node n2 (exit code 3): its last words" */
const char *condition_reason(const struct job *job, const char *reason); /* fit for a condition: letters and digits */

/* status.c: phase, message, counts, conditions, events. */
void say_status(const struct job *job, struct plan *out, bool accepted);
