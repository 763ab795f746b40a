/* Any bytes as an answer of Prometheus: one number, or an error; and jansson reads the same number there. */

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../operator/engine/prometheus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            abort();                                                                                                   \
    } while (0)

/* What jansson finds; NULL: no such thing, or it does not read all that is JSON (duplicate keys, depth). */
static const char *second_opinion(const json_t *whole)
{
    const json_t *data = json_object_get(whole, "data"), *result = json_object_get(data, "result");
    const char *type = json_string_value(json_object_get(data, "resultType"));

    if (type && strcmp(type, "vector") == 0)
        result = json_object_get(json_array_get(result, 0), "value");
    return json_string_value(json_array_get(result, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_arena struct arena arena = { 0 };
    const char *value = NULL, *other;
    struct error err = { 0 };
    json_t *whole;

    if (prometheus_value(200, (struct slice){ (const char *)data, size }, &arena, &value, &err) < 0) {
        CHECK(*err.message && !value);
        return 0;
    }
    CHECK(*value && strspn(value, "+-.0123456789eEInf") == strlen(value));
    whole = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    other = whole ? second_opinion(whole) : NULL;
    CHECK(!whole || (other && strcmp(other, value) == 0));
    json_decref(whole);
    return 0;
}
