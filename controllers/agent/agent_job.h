#pragma once
/* The bodies of what runs kitae-agent: a Job, and a container that others put into their pods. */

#include <jansson.h>

#include "../../operator/model/observed.h"

/* Where objects lie in S3 and how to reach them. */
struct s3_place {
    const char *bucket, *prefix, *region, *endpoint; /* NULL: not said */
    const char *addressing;                          /* Virtual, Path; NULL: the agent's default */
    const char *credentials_secret, *ca_config_map;  /* names; NULL: none */
};

/* The generated struct of an `s3` field, of any kind. */
#define S3_PLACE(s3)                                                                                                   \
    ((struct s3_place){ (s3)->bucket,                                                                                  \
                        (s3)->prefix,                                                                                  \
                        (s3)->region,                                                                                  \
                        (s3)->endpoint,                                                                                \
                        s3_addressing[(s3)->addressing],                                                               \
                        (s3)->credentials_secret_ref ? (s3)->credentials_secret_ref->name : NULL,                      \
                        (s3)->ca_config_map_ref ? (s3)->ca_config_map_ref->name : NULL })
extern const char *const s3_addressing[]; /* names of the generated enum */

/* Adds what names the place to a command line: --<flag> s3://... and its companions. */
void agent_add_place(json_t *args, const char *flag, const struct s3_place *place);

/* A flag with its value; the value NULL leaves both out. */
void agent_add_flag(json_t *args, const char *flag, const char *value);

/*
 * The container, restricted as the strictest Pod Security Standard wants it, and in `pod_spec` the volumes it needs of
 * its own. Its credentials come from the place's Secret, which only the kubelet reads. args are taken.
 */
json_t *agent_container(
    const struct observed *in, const char *name, const struct s3_place *place, json_t *take_args, json_t *pod_spec);

/* Mounts a volume of the pod in a container; sub_path NULL: all of it. */
void agent_mount(json_t *container, const char *volume, const char *path, const char *sub_path, bool read_only);

/* A pod spec to put a container into: never restarted, no token, no root. service_account NULL: the default one. */
json_t *agent_pod_spec(const char *service_account);

/* metadata of what a child of in's object makes: by it the operator finds pods of Jobs, and Jobs of CronJobs. */
json_t *agent_metadata(const struct observed *in);

/* The body of the Job around it; its pods are found by `in`'s object. The pod spec is taken. */
json_t *agent_job(const struct observed *in, json_t *take_pod_spec);
