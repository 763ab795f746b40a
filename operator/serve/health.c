#include "health.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../base/memory.h"

struct health {
    pthread_mutex_t lock;
    int64_t beat_ms;
    char unready[256];
};

struct health *health_create(void)
{
    struct health *health = xcalloc(1, sizeof(*health));

    pthread_mutex_init(&health->lock, NULL);
    snprintf(health->unready, sizeof(health->unready), "starting");
    return health;
}

void health_destroy(struct health *health)
{
    if (!health)
        return;
    pthread_mutex_destroy(&health->lock);
    free(health);
}

void health_beat(struct health *health, int64_t now_ms, const char *unready)
{
    pthread_mutex_lock(&health->lock);
    health->beat_ms = now_ms;
    snprintf(health->unready, sizeof(health->unready), "%s", unready);
    pthread_mutex_unlock(&health->lock);
}

int health_alive(struct health *health, int64_t now_ms, char *ret_text, size_t size)
{
    int64_t age;

    pthread_mutex_lock(&health->lock);
    age = health->beat_ms ? now_ms - health->beat_ms : 0;
    pthread_mutex_unlock(&health->lock);
    if (age >= HEALTH_STUCK_MS) {
        snprintf(ret_text, size, "the engine has not moved for %" PRId64 " s", age / 1000);
        return -1;
    }
    snprintf(ret_text, size, "ok");
    return 0;
}

int health_ready(struct health *health, char *ret_text, size_t size)
{
    bool ready;

    pthread_mutex_lock(&health->lock);
    ready = !*health->unready;
    snprintf(ret_text, size, "%s", ready ? "ok" : health->unready);
    pthread_mutex_unlock(&health->lock);
    return ready ? 0 : -1;
}
