#include "access.h"

#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#else
#define ARCHITECTURE "unknown"
#endif

const char access_user_agent[] = "kitae/" KITAE_VERSION " (linux/" ARCHITECTURE ")";

/* curl checks the certificate against the URL's name, so with a tls-server-name the URL has that, and a detour. */
void access_init(struct access *access, const struct kube_config *config)
{
    const struct kube_server *server = &config->server;
    const char *name = config->tls_server_name;

    *access = (struct access){ .config = config };
    if (!name) {
        strbuf_adds(&access->url, server->url);
        return;
    }
    strbuf_addf(&access->url, "https://%s:%u%s", name, server->port, server->prefix);
    strbuf_addf(&access->connect_to, "%s:%u:%s", name, server->port, server->authority);
}

void access_finish(struct access *access)
{
    strbuf_finish(&access->url);
    strbuf_finish(&access->connect_to);
}

struct http_settings access_settings(const struct access *access, const struct credentials *credentials)
{
    const struct kube_config *config = access->config;
    struct credentials_tls tls = credentials_tls(credentials);

    return (struct http_settings){ .url = strbuf_text(&access->url),
                                   .host = config->tls_server_name ? config->server.authority : NULL,
                                   .connect_to = config->tls_server_name ? strbuf_text(&access->connect_to) : NULL,
                                   .ca = tls.ca,
                                   .certificate = tls.certificate,
                                   .key = tls.key,
                                   .insecure = config->insecure,
                                   .proxy = config->proxy.url,
                                   .proxy_user = config->proxy.user,
                                   .proxy_password = config->proxy.password,
                                   .user_agent = access_user_agent };
}
