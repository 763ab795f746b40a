#include "list.h"

#include <stdlib.h>
#include <string.h>

#include "../../operator/base/memory.h"
#include "call.h"
#include "page.h"

enum {
    MAX_AT_ONCE = 16,     /* requests */
    PAGE_KEYS = 1000,     /* what a server puts into a page */
    MAX_AHEAD = 32,       /* pages kept before their turn: some 5 MiB */
    ENOUGH_SEGMENTS = 64, /* to be busy with; folders found after that are listed with all that is in them */
};

/* Behind every key that begins with what it is put behind: U+10FFFF. */
#define BEHIND_ALL "\xf4\x8f\xbf\xbf"

enum state { TO_LIST, UNDER_WAY, LISTED };

/*
 * A run of keys. The segments of a listing stand in key order, and a page replaces the one that asked for it: by its
 * objects, by a segment for each folder, and by one for what comes behind the page.
 */
struct segment {
    TAILQ_ENTRY(segment) entry;
    struct s3_listing *listing;
    enum state state;
    bool by_folders;                      /* list what is directly in it, and folders as such */
    bool must_descend;                    /* also when there are many: each is asked about */
    char *prefix, *after, *token, *query; /* after, token: NULL, or where to begin */
    struct s3_call call;
    struct s3_page page; /* when it is LISTED */
    size_t at;           /* in the page */
};

TAILQ_HEAD(segments, segment);

struct s3_listing {
    struct s3 *s3;
    s3_enter *enter;
    void *context;
    struct segments segments;
    size_t segment_count, under_way, keys_ahead;
    struct strbuf last; /* key handed out */
    struct failure failure;
};

/* -- segments ----------------------------------------------------------------------------------------------------- */

static struct segment *segment_create(struct s3_listing *listing, enum state state, const char *prefix)
{
    struct segment *segment = xcalloc(1, sizeof(*segment));

    *segment = (struct segment){ .listing = listing, .state = state, .prefix = xstrdup(prefix) };
    return segment;
}

static void insert_before(struct segment *segment, struct segment *fresh)
{
    TAILQ_INSERT_BEFORE(segment, fresh, entry);
    segment->listing->segment_count++;
}

static void segment_remove(struct segment *segment)
{
    struct s3_listing *listing = segment->listing;

    if (segment->state == UNDER_WAY) {
        s3_call_cancel(&segment->call);
        listing->under_way--;
    }
    listing->keys_ahead -= segment->page.count;
    listing->segment_count--;
    TAILQ_REMOVE(&listing->segments, segment, entry);
    s3_page_finish(&segment->page);
    free(segment->prefix);
    free(segment->after);
    free(segment->token);
    free(segment->query);
    free(segment);
}

/* -- what a page becomes ------------------------------------------------------------------------------------------ */

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static int check_page(const struct segment *segment, const struct s3_page *page, struct failure *failure)
{
    for (size_t i = 0; i < page->count; i++)
        if (!begins_with(page->objects[i].key, segment->prefix))
            return failure_set(failure,
                               REASON_SERVER_ERROR,
                               "the server lists \"%.200s\" under \"%.200s\": check that the endpoint speaks S3",
                               page->objects[i].key,
                               segment->prefix);
    return 0;
}

/* A segment for objects `from` to `to` of a page, copied, as the rest of the page goes elsewhere. */
static void insert_objects(struct segment *before, const struct s3_page *page, size_t from, size_t to)
{
    struct segment *segment;
    struct s3_page *copy;

    if (from == to)
        return;
    segment = segment_create(before->listing, LISTED, before->prefix);
    copy = &segment->page;
    copy->objects = xcalloc(to - from, sizeof(*copy->objects));
    copy->count = to - from;
    for (size_t i = from; i < to; i++) {
        struct s3_object *object = &copy->objects[i - from];

        *object = page->objects[i];
        object->key = arena_strdup(&copy->arena, object->key);
        object->etag = arena_strdup(&copy->arena, object->etag);
    }
    before->listing->keys_ahead += copy->count;
    insert_before(before, segment);
}

static void insert_folder(struct segment *before, const char *folder)
{
    struct s3_listing *listing = before->listing;
    enum s3_enter enter = listing->enter ? listing->enter(listing->context, folder) : S3_ENTER;
    struct segment *segment;

    if (enter == S3_SKIP)
        return;
    segment = segment_create(listing, TO_LIST, folder);
    segment->must_descend = enter == S3_DESCEND;
    segment->by_folders = segment->must_descend || listing->segment_count < ENOUGH_SEGMENTS;
    insert_before(before, segment);
}

/*
 * What comes behind a full page. A level of more than a page is not worth a request for each folder, unless they are
 * to be asked about: the rest of it is listed as it comes, from behind the last folder or key of the page.
 */
static void insert_rest(struct segment *before, const struct s3_page *page)
{
    struct segment *rest = segment_create(before->listing, TO_LIST, before->prefix);
    const char *key = page->count ? page->objects[page->count - 1].key : "";
    const char *folder = page->folder_count ? page->folders[page->folder_count - 1] : "";
    struct strbuf after = { 0 };

    if (!before->by_folders || before->must_descend) {
        rest->token = xstrdup(page->token);
        rest->by_folders = before->by_folders;
        rest->must_descend = before->must_descend;
    } else {
        strbuf_addf(&after, "%s%s", strcmp(folder, key) > 0 ? folder : key, strcmp(folder, key) > 0 ? BEHIND_ALL : "");
        rest->after = strbuf_detach(&after);
    }
    insert_before(before, rest);
}

/* Objects and folders of a level, merged. */
static void insert_level(struct segment *before, const struct s3_page *page)
{
    size_t from = 0, to = 0;

    for (size_t i = 0; i < page->folder_count; i++) {
        while (to < page->count && strcmp(page->objects[to].key, page->folders[i]) < 0)
            to++;
        insert_objects(before, page, from, to);
        insert_folder(before, page->folders[i]);
        from = to;
    }
    insert_objects(before, page, from, page->count);
}

static void start_some(struct s3_listing *listing);

static void done(struct s3_call *call, const struct failure *failure)
{
    struct segment *segment = call->context;
    struct s3_listing *listing = segment->listing;
    struct slice text = { strbuf_text(&call->text), call->text.length };
    struct s3_page page = { 0 };

    segment->state = LISTED;
    listing->under_way--;
    if (failure) {
        listing->failure = *failure;
    } else if (s3_page_parse(text, &page, &listing->failure) == 0 &&
               check_page(segment, &page, &listing->failure) == 0) {
        insert_level(segment, &page);
        if (page.token)
            insert_rest(segment, &page);
    }
    s3_page_finish(&page);
    segment_remove(segment);
    start_some(listing);
}

/* -- asking ------------------------------------------------------------------------------------------------------- */

static void add_parameter(struct strbuf *query, const char *name, const char *value)
{
    strbuf_addf(query, "&%s=", name);
    strbuf_add_escaped(query, value);
}

static void start(struct segment *segment)
{
    struct strbuf query = { 0 };

    strbuf_adds(&query, "list-type=2&encoding-type=url");
    add_parameter(&query, "prefix", segment->prefix);
    if (segment->by_folders)
        add_parameter(&query, "delimiter", "/");
    if (segment->token)
        add_parameter(&query, "continuation-token", segment->token);
    else if (segment->after)
        add_parameter(&query, "start-after", segment->after);
    segment->query = strbuf_detach(&query);
    segment->state = UNDER_WAY;
    segment->listing->under_way++;
    segment->call =
        (struct s3_call){ .method = "GET", .key = "", .query = segment->query, .done = done, .context = segment };
    s3_call_start(segment->listing->s3, &segment->call);
}

/* The first is always asked for; those behind it only so far ahead. */
static void start_some(struct s3_listing *listing)
{
    struct segment *segment;

    if (listing->failure.reason)
        return;
    TAILQ_FOREACH(segment, &listing->segments, entry)
    {
        bool is_first = segment == TAILQ_FIRST(&listing->segments);
        size_t ahead = listing->keys_ahead + listing->under_way * PAGE_KEYS;

        if (listing->under_way == MAX_AT_ONCE || (!is_first && ahead >= MAX_AHEAD * PAGE_KEYS))
            return;
        if (segment->state == TO_LIST)
            start(segment);
    }
}

struct s3_listing *s3_listing_create(struct s3 *s3, const char *prefix, s3_enter *enter, void *context)
{
    struct s3_listing *listing = xcalloc(1, sizeof(*listing));
    struct segment *segment;

    *listing = (struct s3_listing){ .s3 = s3, .enter = enter, .context = context };
    TAILQ_INIT(&listing->segments);
    segment = segment_create(listing, TO_LIST, prefix);
    segment->by_folders = true;
    segment->must_descend = enter != NULL;
    TAILQ_INSERT_TAIL(&listing->segments, segment, entry);
    listing->segment_count = 1;
    start_some(listing);
    return listing;
}

void s3_listing_destroy(struct s3_listing *listing)
{
    if (!listing)
        return;
    while (!TAILQ_EMPTY(&listing->segments))
        segment_remove(TAILQ_FIRST(&listing->segments));
    strbuf_finish(&listing->last);
    free(listing);
}

/* -- taking ------------------------------------------------------------------------------------------------------- */

/* Sorted manifests, and a merge with the last one, rest on the order; some servers do not keep it. */
static const struct s3_object *hand_out(struct s3_listing *listing, const struct s3_object *object)
{
    if (listing->last.length && strcmp(strbuf_text(&listing->last), object->key) >= 0) {
        failure_set(
            &listing->failure,
            REASON_SERVER_ERROR,
            "the server lists \"%.150s\" behind \"%.150s\": a store that does not list in key order cannot be read",
            object->key,
            strbuf_text(&listing->last));
        return NULL;
    }
    strbuf_clear(&listing->last);
    strbuf_adds(&listing->last, object->key);
    return object;
}

const struct s3_object *s3_listing_next(struct s3_listing *listing)
{
    struct segment *segment;

    while (!listing->failure.reason && (segment = TAILQ_FIRST(&listing->segments))) {
        if (segment->state != LISTED)
            return NULL;
        if (segment->at < segment->page.count)
            return hand_out(listing, &segment->page.objects[segment->at++]);
        segment_remove(segment);
        start_some(listing);
    }
    return NULL;
}

bool s3_listing_ended(const struct s3_listing *listing, const struct failure **ret_failure)
{
    if (ret_failure)
        *ret_failure = listing->failure.reason ? &listing->failure : NULL;
    return listing->failure.reason || TAILQ_EMPTY(&listing->segments);
}
