#pragma once
/* What the outside may ask of a running operator, shared between its two threads: alive, ready, metrics. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct health;

enum { HEALTH_STUCK_MS = 30000 }; /* the engine's heartbeat may be so old before the process counts as stuck */

struct health *health_create(void);
void health_destroy(struct health *health);

/* The engine thread says: I am here, and this is why I am not ready ("" when I am). Any thread may call any of these.
 */
void health_beat(struct health *health, int64_t now_ms, const char *unready);

/* 0 when alive / ready; else -1, and why in text. */
int health_alive(struct health *health, int64_t now_ms, char *ret_text, size_t size);
int health_ready(struct health *health, char *ret_text, size_t size);
