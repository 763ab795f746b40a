#include "../../operator/base/jb.h"
#include "../../operator/base/memory.h"
#include "../../operator/commands/lineage.h"
#include "unit.h"

static json_t *from_text(const char *text)
{
    struct error err;
    json_t *value;

    assert_int_equal(jb_parse(slice_of(text), &value, &err), 0);
    return value;
}

static const char models_text[] =
    "[{\"metadata\":{\"name\":\"search\"},\"status\":{\"versions\":["
    "{\"name\":\"v1\",\"digest\":\"1111111111111111\",\"uri\":\"s3://m/1/\",\"producedBy\":{\"kind\":\"TrainingJob\","
    "\"name\":\"first\",\"attempt\":2},\"data\":[{\"dataSet\":\"listings\",\"version\":\"v7\",\"digest\":"
    "\"aaaaaaaaaaaaaaaa\"}]},"
    "{\"name\":\"v2\",\"digest\":\"2222222222222222\",\"uri\":\"s3://m/2/\",\"producedBy\":{\"kind\":\"Import\","
    "\"name\":\"s3://else/\"}}]}},"
    "{\"metadata\":{\"name\":\"empty\"},\"status\":{}}]";
static const char jobs_text[] =
    "[{\"metadata\":{\"name\":\"first\"},\"status\":{\"phase\":\"Succeeded\",\"data\":[{\"name\":\"listings\","
    "\"version\":\"v7\",\"digest\":\"aaaaaaaaaaaaaaaa\"}]}},"
    "{\"metadata\":{\"name\":\"waits\"},\"status\":{\"phase\":\"Pending\",\"data\":[{\"name\":\"listings\"}]}}]";

static const char sets_text[] =
    "[{\"metadata\":{\"name\":\"raw\"},\"status\":{\"versions\":[{\"name\":\"v1\",\"digest\":\"cccccccccccccccc\"}]}},"
    "{\"metadata\":{\"name\":\"clean\"},\"status\":{\"versions\":[{\"name\":\"v1\",\"digest\":\"dddddddddddddddd\","
    "\"producedBy\":{\"kind\":\"TrainingJob\",\"name\":\"tidy\",\"attempt\":1},\"data\":[{\"dataSet\":\"raw\","
    "\"version\":\"v1\",\"digest\":\"cccccccccccccccc\"}]}]}}]";

static void assert_lineage(const char *kind, const char *name, const char *version, int found, const char *text)
{
    json_auto_t *models = from_text(models_text), *jobs = from_text(jobs_text), *sets = from_text(sets_text);
    const struct lineage all = { models, sets, jobs };
    auto_free char *written = NULL;
    size_t length;
    FILE *out = open_memstream(&written, &length);

    assert_int_equal(lineage_write(out, &all, kind, name, version), found);
    fclose(out);
    assert_string_equal(written, text);
}

static void a_model_tells_what_it_was_made_from(void **state)
{
    (void)state;
    assert_lineage("model",
                   "search",
                   "v1",
                   1,
                   "Model search v1 (111111111111)  s3://m/1/\n"
                   "  made by TrainingJob first, attempt 2\n"
                   "    from DataSet listings v7 (aaaaaaaaaaaa)\n");
    assert_lineage("model",
                   "search",
                   "v2",
                   1,
                   "Model search v2 (222222222222)  s3://m/2/\n"
                   "  made by Import s3://else/\n");
    assert_lineage("model", "search", "v3", 0, "");
    assert_lineage("model", "empty", NULL, 0, "");
    assert_lineage("model", "listings", NULL, 0, "");
}

static void data_that_a_job_made_tells_from_what(void **state)
{
    (void)state;
    assert_lineage("dataset",
                   "clean",
                   NULL,
                   1,
                   "DataSet clean v1 (dddddddddddd)\n"
                   "  made by TrainingJob tidy, attempt 1\n"
                   "    from DataSet raw v1 (cccccccccccc)\n");
    assert_lineage("dataset",
                   "raw",
                   "v1",
                   1,
                   "DataSet raw v1 (cccccccccccc)\n"
                   "  made DataSet clean v1 (dddddddddddd) by TrainingJob tidy\n");
    assert_lineage("model", "clean", NULL, 0, "");
}

static void data_tells_who_read_it_and_what_was_made(void **state)
{
    static const char all[] = "DataSet listings v7 (aaaaaaaaaaaa)\n"
                              "  read by TrainingJob first (Succeeded)\n"
                              "DataSet listings v7 (aaaaaaaaaaaa)\n"
                              "  made Model search v1 (111111111111) by TrainingJob first\n";

    (void)state;
    assert_lineage("dataset", "listings", NULL, 2, all);
    assert_lineage("dataset", "listings", "v7", 2, all);
    assert_lineage("dataset", "listings", "v8", 0, "");
    assert_lineage("dataset", "search", NULL, 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_tells_what_it_was_made_from),
        cmocka_unit_test(data_that_a_job_made_tells_from_what),
        cmocka_unit_test(data_tells_who_read_it_and_what_was_made),
    };

    return RUN_TESTS(tests);
}
