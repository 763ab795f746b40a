#pragma once
/* What the engine has done and holds: as Prometheus metrics, and as log lines for SIGUSR1. */

#include "../base/strbuf.h"

struct engine;

void report_metrics(const struct engine *engine, struct strbuf *out);
void report_log(const struct engine *engine);
