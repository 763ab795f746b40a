#define _GNU_SOURCE
#include <stdlib.h>

#include "../../operator/base/memory.h"
#include "../../operator/cli/options.h"
#include "capture.h"

enum { MAX_WORDS = 8 };

static const struct option table[] = {
    { "kubeconfig", 0, OPTION_TEXT, "FILE", "how to reach the cluster" },
    { "namespace", 'n', OPTION_LIST, "NAME", "work only there" },
    { "leader-elect", 0, OPTION_SWITCH, NULL, "hold the lease" },
    { "log-format", 0, OPTION_CHOICE, "logfmt|json", "how it is logged" },
    { "window", 'w', OPTION_NUMBER, "N", "requests in flight" },
    { NULL },
};

static const char *const variables[] = {
    "KITAE_KUBECONFIG", "KITAE_NAMESPACE", "KITAE_LEADER_ELECT", "KITAE_LOG_FORMAT", "KITAE_WINDOW",
};

/* A command line, and one variable of the environment as "NAME=value"; NULL: none. */
struct line {
    const char *words[MAX_WORDS];
    const char *variable;
};

static struct option options[ARRAY_SIZE(table)];

static void set_variable(const char *assignment)
{
    for (size_t i = 0; i < ARRAY_SIZE(variables); i++)
        unsetenv(variables[i]);
    if (assignment) {
        auto_free char *name = xstrndup(assignment, strcspn(assignment, "="));

        setenv(name, assignment + strlen(name) + 1, 1);
    }
}

/* Parses into `options`; what is printed goes to the end of `ret`. */
static int parse(const struct line *line, int stream, struct strbuf *ret)
{
    char *argv[MAX_WORDS + 1] = { (char *)"run" };
    struct capture capture;
    int argc = 1, result;

    for (; line->words[argc - 1]; argc++)
        argv[argc] = (char *)line->words[argc - 1];
    set_variable(line->variable);
    memcpy(options, table, sizeof(table));
    capture = capture_begin(stream);
    result = options_parse(options, argc, argv, "Usage: kitae run");
    capture_end(&capture, ret);
    return result;
}

/* All that was given, as "name=value"; the pieces of a list are behind it in brackets. */
static void describe(struct strbuf *out)
{
    for (const struct option *option = options; option->name; option++) {
        if (!option->given)
            continue;
        strbuf_addf(out, "%s%s=", out->length ? " " : "", option->name);
        if (option->type == OPTION_SWITCH)
            strbuf_adds(out, option->on ? "on" : "off");
        else if (option->type == OPTION_NUMBER)
            strbuf_addf(out, "%ld", option->number);
        else if (option->type != OPTION_LIST)
            strbuf_adds(out, option->text);
        for (size_t i = 0; i < option->list_count; i++) {
            strbuf_addf(out, "[%s]", option->list[i]);
            free((char *)option->list[i]);
        }
        assert_null(option->list[option->list_count]);
    }
}

static void parse__good_lines__fill_the_table(void **state)
{
    static const struct {
        struct line line;
        const char *given;
    } rows[] = {
        { { { NULL }, NULL }, "" },
        { { { "--kubeconfig", "file" }, NULL }, "kubeconfig=file" },
        { { { "--kubeconfig=file" }, NULL }, "kubeconfig=file" },
        { { { "--kubeconfig=a=b" }, NULL }, "kubeconfig=a=b" },
        { { { "--kubeconfig=" }, NULL }, "kubeconfig=" },
        { { { "--kubeconfig", "--window" }, NULL }, "kubeconfig=--window" },
        { { { "--kubeconfig", "a", "--kubeconfig", "b" }, NULL }, "kubeconfig=b" },
        { { { "-w", "7" }, NULL }, "window=7" },
        { { { "-w=0" }, NULL }, "window=0" },
        { { { "--window=2147483647" }, NULL }, "window=2147483647" },
        { { { "--leader-elect" }, NULL }, "leader-elect=on" },
        { { { "--leader-elect=true" }, NULL }, "leader-elect=on" },
        { { { "--leader-elect=false" }, NULL }, "leader-elect=off" },
        { { { "--leader-elect", "--leader-elect=false" }, NULL }, "leader-elect=off" },
        { { { "--log-format", "json" }, NULL }, "log-format=json" },
        { { { "--log-format=logfmt" }, NULL }, "log-format=logfmt" },
        { { { "-n", "a", "--namespace=b,c", "-n", ",,d," }, NULL }, "namespace=[a][b][c][d]" },
        { { { NULL }, "KITAE_KUBECONFIG=file" }, "kubeconfig=file" },
        { { { NULL }, "KITAE_LEADER_ELECT=false" }, "leader-elect=off" },
        { { { NULL }, "KITAE_LEADER_ELECT=true" }, "leader-elect=on" },
        { { { NULL }, "KITAE_LOG_FORMAT=json" }, "log-format=json" },
        { { { NULL }, "KITAE_NAMESPACE=a,b" }, "namespace=[a][b]" },
        { { { NULL }, "KITAE_WINDOW=" }, "" },
        { { { "--window=1" }, "KITAE_WINDOW=2" }, "window=1" },
        { { { "--window=1" }, "KITAE_WINDOW=none" }, "window=1" },
        { { { "--kubeconfig=" }, "KITAE_KUBECONFIG=file" }, "kubeconfig=" },
        { { { "-n", "a" }, "KITAE_NAMESPACE=b" }, "namespace=[a]" },
        { { { "--leader-elect=false" }, "KITAE_LEADER_ELECT=true" }, "leader-elect=off" },
        { { { "--window=1" }, "KITAE_LOG_FORMAT=json" }, "log-format=json window=1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_strbuf struct strbuf said = { 0 }, given = { 0 };

        assert_int_equal(parse(&rows[i].line, STDERR_FILENO, &said), 0);
        assert_string_equal(strbuf_text(&said), "");
        describe(&given);
        assert_string_equal(strbuf_text(&given), rows[i].given);
    }
}

static void parse__bad_lines__are_refused_with_what_to_write(void **state)
{
    static const struct {
        struct line line;
        const char *said;
    } rows[] = {
        { { { "file" }, NULL }, "kitae: 'file' is no flag; --help lists all\n" },
        { { { "-" }, NULL }, "kitae: '-' is no flag; --help lists all\n" },
        { { { "--" }, NULL }, "kitae: unknown flag '--'; --help lists all\n" },
        { { { "--windows=3" }, NULL }, "kitae: unknown flag '--windows=3'; --help lists all\n" },
        { { { "--win", "3" }, NULL }, "kitae: unknown flag '--win'; --help lists all\n" },
        { { { "-x" }, NULL }, "kitae: unknown flag '-x'; --help lists all\n" },
        { { { "--window" }, NULL }, "kitae: --window needs a value\n" },
        { { { "--window", "ten" }, NULL }, "kitae: --window: 'ten' is not a value for it; write a whole number\n" },
        { { { "-w", "" }, NULL }, "kitae: -w: '' is not a value for it; write a whole number\n" },
        { { { "-w", "-1" }, NULL }, "kitae: -w: '-1' is not a value for it; write a whole number\n" },
        { { { "-w", "1.5" }, NULL }, "kitae: -w: '1.5' is not a value for it; write a whole number\n" },
        { { { "-w", " 1" }, NULL }, "kitae: -w: ' 1' is not a value for it; write a whole number\n" },
        { { { "-w", "4294967296" }, NULL }, "kitae: -w: '4294967296' is not a value for it; write a whole number\n" },
        { { { "-w", "99999999999999999999" }, NULL },
          "kitae: -w: '99999999999999999999' is not a value for it; write a whole number\n" },
        { { { "--leader-elect=yes" }, NULL },
          "kitae: --leader-elect=yes: 'yes' is not a value for it; write true or false\n" },
        { { { "--leader-elect", "false" }, NULL }, "kitae: 'false' is no flag; --help lists all\n" },
        { { { "--log-format", "xml" }, NULL },
          "kitae: --log-format: 'xml' is not a value for it; write logfmt|json\n" },
        { { { "--log-format", "log" }, NULL },
          "kitae: --log-format: 'log' is not a value for it; write logfmt|json\n" },
        { { { "--log-format", "" }, NULL }, "kitae: --log-format: '' is not a value for it; write logfmt|json\n" },
        { { { NULL }, "KITAE_WINDOW=ten" },
          "kitae: KITAE_WINDOW: 'ten' is not a value for it; write a whole number\n" },
        { { { NULL }, "KITAE_LEADER_ELECT=1" },
          "kitae: KITAE_LEADER_ELECT: '1' is not a value for it; write true or false\n" },
        { { { NULL }, "KITAE_LOG_FORMAT=JSON" },
          "kitae: KITAE_LOG_FORMAT: 'JSON' is not a value for it; write logfmt|json\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        auto_strbuf struct strbuf said = { 0 };

        assert_int_equal(parse(&rows[i].line, STDERR_FILENO, &said), 2);
        assert_string_equal(strbuf_text(&said), rows[i].said);
    }
}

static void list__too_long__is_refused(void **state)
{
    auto_strbuf struct strbuf said = { 0 }, names = { 0 }, given = { 0 };
    struct line line = { { "-n", "" }, NULL };

    (void)state;
    for (int i = 0; i < OPTION_MAX_VALUES; i++)
        strbuf_addf(&names, "n%d,", i);
    line.words[1] = strbuf_text(&names);
    assert_int_equal(parse(&line, STDERR_FILENO, &said), 0);
    describe(&given);
    strbuf_adds(&names, "more");
    line.words[1] = strbuf_text(&names);
    assert_int_equal(parse(&line, STDERR_FILENO, &said), 2);
    describe(&given);
    assert_contains(strbuf_text(&said), "write no more than 128 of them in all\n");
}

static void help__names_flags_and_variables(void **state)
{
    static const struct line lines[] = { { { "--help" }, NULL }, { { "--window", "3", "-h", "nonsense" }, NULL } };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        auto_strbuf struct strbuf said = { 0 };

        assert_int_equal(parse(&lines[i], STDOUT_FILENO, &said), 1);
        assert_contains(strbuf_text(&said), "Usage: kitae run\n\nFlags:\n");
        assert_contains(strbuf_text(&said), "  -n, --namespace NAME ");
        assert_contains(strbuf_text(&said), " work only there [KITAE_NAMESPACE]\n");
        assert_contains(strbuf_text(&said), "  --leader-elect  ");
        assert_contains(strbuf_text(&said), " hold the lease [KITAE_LEADER_ELECT]\n");
        assert_contains(strbuf_text(&said), "  --log-format logfmt|json ");
    }
}

static void named__is_the_one_of_the_table(void **state)
{
    (void)state;
    memcpy(options, table, sizeof(table));
    assert_ptr_equal(option_named(options, "window"), &options[4]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse__good_lines__fill_the_table),
        cmocka_unit_test(parse__bad_lines__are_refused_with_what_to_write),
        cmocka_unit_test(list__too_long__is_refused),
        cmocka_unit_test(help__names_flags_and_variables),
        cmocka_unit_test(named__is_the_one_of_the_table),
    };

    return RUN_TESTS(tests);
}
