#include "store.h"

#include <string.h>

#include "../../operator/base/digest.h"
#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"

struct s3_place model_store(const struct model_spec *spec)
{
    return S3_PLACE(spec->store->s3);
}

json_t *model_publish_args(const struct model_spec *spec, const char *from)
{
    struct s3_place place = model_store(spec);
    json_t *args = ARR(jb_str("publish"));

    agent_add_flag(args, "from", from);
    agent_add_place(args, "store", &place);
    return args;
}

const char *model_store_hash(const struct model_spec *spec, struct arena *arena)
{
    struct s3_place place = model_store(spec);
    json_auto_t *args = model_publish_args(spec, "/");
    auto_free char *text = NULL;
    char digest[DIGEST_SHORT];

    agent_add_flag(args, "secret", place.credentials_secret);
    agent_add_flag(args, "service-account", spec->service_account_name);
    text = jb_dump(args, true);
    digest_short(slice_of(text), digest);
    return arena_strdup(arena, digest);
}

const char *model_uri(const struct model_spec *spec, const char *digest, struct arena *arena)
{
    const char *prefix = spec->store->s3->prefix ? spec->store->s3->prefix : "";
    size_t length = strlen(prefix);

    return arena_printf(arena,
                        "s3://%s/%s%sversions/%s/",
                        spec->store->s3->bucket,
                        prefix,
                        length && prefix[length - 1] != '/' ? "/" : "",
                        digest);
}
