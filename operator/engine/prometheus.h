#pragma once
/* The answer of Prometheus to an instant query (its HTTP API v1, and what speaks it: Thanos, Mimir, VictoriaMetrics).
 */

#include "../base/arena.h"
#include "../base/error.h"
#include "../base/slice.h"

/*
 * The one number that the query gives, as the server wrote it ("0.25", "+Inf"), in the arena. Anything else is an
 * error whose message says what to do, to whoever wrote the query or the operator's flag: no series, several, a range,
 * a histogram, NaN, a refusal, or an answer that is none of Prometheus. Of the answer it quotes what Prometheus says of
 * the query, and nothing else.
 */
int prometheus_value(int http_status, struct slice body, struct arena *arena, const char **ret, struct error *err)
    must_check;
