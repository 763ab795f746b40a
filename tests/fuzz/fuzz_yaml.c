/* Whatever can be parsed can be dumped, and the dump reads back as the same value. */

#include <stdint.h>
#include <stdlib.h>

#include "../../operator/base/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const json_t *value)
{
    auto_strbuf struct strbuf text = { 0 };
    auto_yaml struct yaml again = { 0 };
    struct error err;

    yaml_dump(value, &text);
    if (text.overflow)
        return;
    if (yaml_parse("dump", (struct slice){ text.data, text.length }, &again, &err) < 0)
        abort();
    if (again.count != 1 || !json_equal(again.documents[0].value, value))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    auto_yaml struct yaml yaml = { 0 };
    struct error err;

    if (yaml_parse("fuzz", (struct slice){ (const char *)data, size }, &yaml, &err) < 0)
        return 0;
    for (size_t i = 0; i < yaml.count; i++) {
        check(yaml.documents[i].value);
        yaml_line(&yaml.documents[i], "spec.a[1].b");
    }
    return 0;
}
