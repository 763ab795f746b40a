/* Any text as a kubeconfig, and as what a credential plugin prints: refused with one line, or taken; no crash, no leak.
 */

#define _GNU_SOURCE /* memfd_create */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../operator/kube/config.h"
#include "../../operator/kube/credentials.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Messages are one line of text. */
static void check_message(const struct error *err)
{
    if (err->kind == ERROR_NONE || !err->message[0] || strchr(err->message, '\n'))
        abort();
}

static void try_kubeconfig(const uint8_t *data, size_t size)
{
    struct kube_config config;
    struct error err = { 0 };
    char path[64];
    int fd = memfd_create("kubeconfig", MFD_CLOEXEC);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (kube_config_load(&(struct kube_config_options){ .kubeconfig = path }, &config, &err) < 0) {
        check_message(&err);
    } else {
        struct credentials *credentials;

        config.exec = NULL; /* the input names no program that we run */
        if (credentials_create(&config, 0, &credentials, &err) < 0)
            abort();
        credentials_destroy(credentials);
        kube_config_finish(&config);
    }
    close(fd);
}

static void try_credential(const uint8_t *data, size_t size)
{
    static const char *const arguments[] = { "plugin", NULL };
    const struct exec_config config = { .api_version = "client.authentication.k8s.io/v1", .arguments = arguments };
    struct exec_credential credential;
    struct error err = { 0 };

    if (exec_credential_parse(&config, (struct slice){ (const char *)data, size }, &credential, &err) < 0)
        check_message(&err);
    else
        exec_credential_finish(&credential);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_kubeconfig(data, size);
    try_credential(data, size);
    return 0;
}
