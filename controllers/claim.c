#include "claim.h"

#include "../operator/base/jb.h"

json_t *claim_spec(struct slice size, const char *class, const char *const *access_modes, size_t access_mode_count)
{
    json_t *modes = json_array(), *storage;
    struct error err;

    if (jb_parse(size, &storage, &err) < 0)
        BUG("a size that was accepted: %s", err.message);
    for (size_t i = 0; i < access_mode_count; i++)
        jb_append(modes, jb_str(access_modes[i]));
    if (!access_mode_count)
        jb_append(modes, jb_str("ReadWriteMany"));
    return OBJ({ "accessModes", modes },
               { "storageClassName", class ? jb_str(class) : NULL },
               { "resources", OBJ({ "requests", OBJ({ "storage", storage }) }) });
}
