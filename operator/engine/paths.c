#include "paths.h"

void path_collection(struct strbuf *path, enum kind kind, const char *namespace)
{
    const struct kind_info *info = kind_info(kind);

    if (*info->group)
        strbuf_addf(path, "/apis/%s/%s", info->group, info->version);
    else
        strbuf_addf(path, "/api/%s", info->version);
    if (namespace) {
        strbuf_adds(path, "/namespaces/");
        strbuf_add_escaped(path, namespace);
    }
    strbuf_addf(path, "/%s", info->plural);
}

void path_object(struct strbuf *path, enum kind kind, const char *namespace, const char *name)
{
    path_collection(path, kind, namespace);
    strbuf_addc(path, '/');
    strbuf_add_escaped(path, name);
}
