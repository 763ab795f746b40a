#include <stdlib.h>
#include <string.h>

#include "../base/base64.h"
#include "../base/jb.h"
#include "../base/memory.h"
#include "config_parts.h"

#define GROUP "client.authentication.k8s.io/"

static bool given(const char *text)
{
    return text && *text;
}

static int check_version(const struct kubeconfig_entry *entry, const struct kubeconfig_exec *exec, struct error *err)
{
    if (!given(exec->api_version))
        return kubeconfig_fail(entry, "exec.apiVersion", err, "is missing: write " GROUP "v1");
    if (strcmp(exec->api_version, GROUP "v1") != 0 && strcmp(exec->api_version, GROUP "v1beta1") != 0)
        return kubeconfig_fail(
            entry, "exec.apiVersion", err, "'%.80s' is not supported: v1 and v1beta1 are", exec->api_version);
    return 0;
}

/* We have no terminal to offer. v1beta1 knew no interactiveMode at first, v1 requires it. */
static int check_mode(const struct kubeconfig_entry *entry, const struct kubeconfig_exec *exec, struct error *err)
{
    const char *mode = exec->interactive_mode;

    if (!given(mode)) {
        if (strcmp(exec->api_version, GROUP "v1") == 0)
            return kubeconfig_fail(entry, "exec.interactiveMode", err, "is missing: v1 requires Never or IfAvailable");
        return 0;
    }
    if (strcmp(mode, "Always") == 0)
        return kubeconfig_fail(
            entry, "exec.interactiveMode", err, "is Always, but an operator has no terminal: use another user");
    if (strcmp(mode, "Never") != 0 && strcmp(mode, "IfAvailable") != 0)
        return kubeconfig_fail(entry, "exec.interactiveMode", err, "must be Never, IfAvailable or Always");
    return 0;
}

static json_t *base64_of(const char *text)
{
    auto_strbuf struct strbuf encoded = { 0 };

    if (!text)
        return NULL;
    base64_encode(text, strlen(text), &encoded);
    return jb_str(strbuf_text(&encoded));
}

/* The cluster's extension for plugins, any JSON. */
static json_t *plugin_extension(const struct kubeconfig_cluster *cluster)
{
    struct error ignored;
    json_t *value = NULL;

    for (size_t i = 0; i < cluster->extensions_count; i++) {
        const struct kubeconfig_extension *extension = &cluster->extensions[i];

        if (!extension->name || strcmp(extension->name, GROUP "exec") != 0 || !extension->extension.data)
            continue;
        return jb_parse(extension->extension, &value, &ignored) < 0 ? NULL : value;
    }
    return NULL;
}

static json_t *cluster_info(const struct kubeconfig_cluster *cluster, const struct kube_config *config)
{
    return OBJ({ "server", jb_str(config->server.url) },
               { "tls-server-name", jb_str(config->tls_server_name) },
               { "insecure-skip-tls-verify", config->insecure ? jb_bool(true) : NULL },
               { "certificate-authority-data", base64_of(config->ca) },
               { "proxy-url", jb_str(given(cluster->proxy_url) ? cluster->proxy_url : config->proxy.url) },
               { "disable-compression", config->disable_compression ? jb_bool(true) : NULL },
               { "config", plugin_extension(cluster) });
}

/* The variable KUBERNETES_EXEC_INFO, with its name. */
static const char *info_variable(const struct kubeconfig_exec *exec,
                                 const struct kubeconfig_cluster *cluster,
                                 struct kube_config *config)
{
    json_auto_t *info = OBJ({ "kind", jb_str("ExecCredential") },
                            { "apiVersion", jb_str(exec->api_version) },
                            { "spec",
                              OBJ({ "cluster", exec->provide_cluster_info ? cluster_info(cluster, config) : NULL },
                                  { "interactive", jb_bool(false) }) });
    auto_free char *text = jb_dump(info, false);

    return arena_printf(&config->arena, "KUBERNETES_EXEC_INFO=%s", text);
}

static int make_environment(const struct kubeconfig_entry *entry,
                            const struct kubeconfig_cluster *cluster,
                            struct kube_config *config,
                            const char *const **ret,
                            struct error *err)
{
    const struct kubeconfig_exec *exec = ((const struct kubeconfig_user *)entry->value)->exec;
    const char **list = arena_alloc(&config->arena, (exec->env_count + 2) * sizeof(*list));

    for (size_t i = 0; i < exec->env_count; i++) {
        const struct kubeconfig_variable *variable = &exec->env[i];

        if (!given(variable->name) || strchr(variable->name, '='))
            return kubeconfig_fail(entry, "exec.env", err, "a variable has no name, or one with an equals sign");
        list[i] = arena_printf(&config->arena, "%s=%s", variable->name, variable->value ? variable->value : "");
    }
    list[exec->env_count] = info_variable(exec, cluster, config);
    *ret = list;
    return 0;
}

static const char *const *make_arguments(const struct kubeconfig_entry *entry, struct arena *arena)
{
    const struct kubeconfig_exec *exec = ((const struct kubeconfig_user *)entry->value)->exec;
    const char **list = arena_alloc(arena, (exec->args_count + 2) * sizeof(*list));

    /* A bare name is looked up in PATH, a path with a slash starts at the file's folder. */
    list[0] = strchr(exec->command, '/') ? kubeconfig_resolve_path(arena, entry, exec->command) : exec->command;
    for (size_t i = 0; i < exec->args_count; i++)
        list[i + 1] = exec->args[i];
    return list;
}

int config_take_exec(const struct kubeconfig_entry *entry,
                     const struct kubeconfig_entry *cluster,
                     struct kube_config *config,
                     struct error *err)
{
    const struct kubeconfig_exec *exec = ((const struct kubeconfig_user *)entry->value)->exec;
    struct exec_config *made = arena_new(&config->arena, struct exec_config);

    if (!given(exec->command))
        return kubeconfig_fail(entry, "exec.command", err, "is missing: name the plugin to run");
    if (check_version(entry, exec, err) < 0 || check_mode(entry, exec, err) < 0 ||
        make_environment(entry, cluster->value, config, &made->environment, err) < 0)
        return -1;
    made->api_version = exec->api_version;
    made->arguments = make_arguments(entry, &config->arena);
    made->install_hint = given(exec->install_hint) ? exec->install_hint : NULL;
    config->exec = made;
    return 0;
}
