#include <string.h>

#include "versioned.h"

void find_users(struct versioned *kept, pinned_digest *pinned)
{
    struct objects referrers = kept->in->referrers;
    struct user *before = kept->users;

    kept->users = arena_alloc(kept->arena, ((size_t)kept->user_count + referrers.count) * sizeof(*kept->users));
    if (kept->user_count)
        memcpy(kept->users, before, (size_t)kept->user_count * sizeof(*before));
    for (size_t i = 0; i < referrers.count; i++) {
        struct user user = { .object = referrers.items[i] };
        const char *digest;

        while (user.digest_count < MAX_PINS && (digest = pinned(kept->in, user.object, user.digest_count)))
            user.digests[user.digest_count++] = digest;
        if (user.digest_count)
            kept->users[kept->user_count++] = user;
    }
}

void confirm_unused(const struct versioned *kept, struct plan *out)
{
    for (const enum kind *kind = kept->words->users; *kind != KIND_COUNT; kind++)
        plan_confirm(out, *kind, NULL);
}

static bool needs(const struct user *user, const char *digest)
{
    for (size_t i = 0; i < user->digest_count; i++)
        if (strcmp(user->digests[i], digest) == 0)
            return true;
    return false;
}

bool version_is_used(const struct versioned *kept, const struct version *version)
{
    for (size_t i = 0; i < kept->tag_count; i++)
        if (strcmp(kept->tags[i].version, version->name) == 0)
            return true;
    for (int i = 0; i < kept->user_count; i++)
        if (needs(&kept->users[i], version->digest))
            return true;
    return false;
}

const char *user_text(const struct versioned *kept, int i)
{
    const struct object *object = kept->users[i].object;

    return arena_printf(kept->arena, "%s/%s", kind_info(object->kind)->kind, object->name);
}
