#pragma once
/* Paths of the API server's resources. */

#include "../base/strbuf.h"
#include "../model/object.h"

/* ".../namespaces/<namespace>/<plural>", or of all namespaces when namespace is NULL. */
void path_collection(struct strbuf *path, enum kind kind, const char *namespace);
void path_object(struct strbuf *path, enum kind kind, const char *namespace, const char *name);
