#include "outbox.h"

#include "../base/error.h"
#include "../base/memory.h"

enum { MANY_NEWS = 512 };

void outbox_init(struct outbox *outbox)
{
    *outbox = (struct outbox){ 0 };
    outbox->work.end = &outbox->work.first;
    outbox->news.end = &outbox->news.first;
}

static void free_lane(struct outbox_lane *lane)
{
    for (struct http_request *request = lane->first, *next; request; request = next) {
        next = request->next;
        http_request_destroy(request);
    }
}

void outbox_finish(struct outbox *outbox)
{
    free_lane(&outbox->work);
    free_lane(&outbox->news);
    http_request_destroy(outbox->urgent);
    outbox_init(outbox);
}

void outbox_put(struct outbox *outbox, struct http_request *request)
{
    struct outbox_lane *lane = request->patient ? &outbox->news : &outbox->work;

    if (request->urgent) {
        if (outbox->urgent)
            BUG("two urgent requests at once");
        outbox->urgent = request;
        return;
    }
    request->next = NULL;
    *lane->end = request;
    lane->end = &request->next;
    lane->waiting++;
}

/* While there is work, waiting or under way, news may fill only so much of the window. */
static bool news_have_a_place(const struct outbox *outbox, unsigned window)
{
    unsigned places = outbox->news.waiting < MANY_NEWS ? 1 : window / 2;
    bool is_calm = !outbox->work.first && !outbox->work.in_flight;

    return outbox->news.first && (is_calm || outbox->news.in_flight < places);
}

const struct http_request *outbox_next(const struct outbox *outbox, unsigned window)
{
    if (outbox->urgent)
        return outbox->urgent;
    if (outbox_in_flight(outbox) >= window)
        return NULL;
    return news_have_a_place(outbox, window) ? outbox->news.first : outbox->work.first;
}

struct http_request *outbox_take(struct outbox *outbox, unsigned window)
{
    struct outbox_lane *lane = news_have_a_place(outbox, window) ? &outbox->news : &outbox->work;
    struct http_request *request = lane->first;

    if (outbox->urgent)
        return take(outbox->urgent);
    lane->first = take(request->next);
    if (!lane->first)
        lane->end = &lane->first;
    lane->waiting--;
    lane->in_flight++;
    return request;
}

void outbox_answered(struct outbox *outbox, bool urgent, bool patient)
{
    if (urgent)
        return;
    if (patient)
        outbox->news.in_flight--;
    else
        outbox->work.in_flight--;
}

unsigned outbox_in_flight(const struct outbox *outbox)
{
    return outbox->work.in_flight + outbox->news.in_flight;
}

bool outbox_is_idle(const struct outbox *outbox)
{
    return !outbox_in_flight(outbox) && !outbox->work.first && !outbox->news.first;
}

bool outbox_is_rushed(const struct outbox *outbox, unsigned window)
{
    return outbox->work.waiting + outbox->news.waiting > window;
}
