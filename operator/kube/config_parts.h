#pragma once
/* The parts of a kube_config that kubeconfig entries give, for config.c. Strings go to config->arena. */

#include "config.h"
#include "kubeconfig_file.h"

/* The server, how to reach it and how to trust it. */
int config_take_cluster(const struct kubeconfig_entry *cluster,
                        struct kube_config *config,
                        struct error *err) must_check;

/* What proves who we are; comes after the cluster, which exec plugins may be told about. */
int config_take_user(const struct kubeconfig_entry *user,
                     const struct kubeconfig_entry *cluster,
                     struct kube_config *config,
                     struct error *err) must_check;

/* The plugin of a user that has one. */
int config_take_exec(const struct kubeconfig_entry *user,
                     const struct kubeconfig_entry *cluster,
                     struct kube_config *config,
                     struct error *err) must_check;

/* Fills in config->server, and config->proxy from the environment unless it is set. */
int config_set_server(const char *url, struct kube_config *config, struct error *err) must_check;

/*
 * PEM text from `data` (base64, field + "-data"), which wins, or from the file at `path`, which is then resolved and
 * put to *ret_file. Neither: both stay NULL.
 */
int config_read_pem(const struct kubeconfig_entry *entry,
                    const char *field,
                    const char *data,
                    const char *path,
                    struct arena *arena,
                    const char **ret_text,
                    const char **ret_file,
                    struct error *err) must_check;
