#include "glob.h"

#include <stddef.h>
#include <string.h>

/* Where to go on when what follows a star does not fit: one more for the star. */
struct retry {
    const char *pattern, *key;
    bool whole_folders; /* a double star with a slash: it takes folders, not characters */
};

static bool is_deep(const char *pattern)
{
    return pattern[0] == '*' && pattern[1] == '*';
}

/* Lets the double star take more. False when there is nothing left to take. */
static bool take_more(struct retry *deep)
{
    const char *slash;

    if (!deep->pattern || !*deep->key)
        return false;
    if (!deep->whole_folders) {
        deep->key++;
        return true;
    }
    slash = strchr(deep->key, '/');
    if (!slash)
        return false;
    deep->key = slash + 1;
    return true;
}

bool glob_fits(const char *pattern, const char *key)
{
    struct retry star = { 0 }, deep = { 0 };

    for (;;) {
        if (is_deep(pattern)) {
            deep = (struct retry){ pattern + 2, key, pattern[2] == '/' };
            deep.pattern += deep.whole_folders;
            star.pattern = NULL;
            pattern = deep.pattern;
        } else if (*pattern == '*') {
            star = (struct retry){ ++pattern, key, false };
        } else if (*key && (*pattern == *key || (*pattern == '?' && *key != '/'))) {
            pattern++;
            key++;
        } else if (!*key && !*pattern) {
            return true;
        } else if (star.pattern && *star.key && *star.key != '/') {
            key = ++star.key;
            pattern = star.pattern;
        } else if (take_more(&deep)) {
            key = deep.key;
            pattern = deep.pattern;
            star.pattern = NULL;
        } else {
            return false;
        }
    }
}
