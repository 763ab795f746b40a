#include "settings.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MOST = 200 };

static const struct settings DEFAULTS = {
    .model_folder = "/models",
    .revision = "none",
    .pod = "none",
    .port = 8080,
    .request_seconds = 10,
    .idle_seconds = 120,
    .drain_seconds = 3,
};

/* A variable fills the member of struct settings at `offset`: a long, or text. */
struct variable {
    const char *name;
    const char *help;
    enum { WHOLE, NAME, PATH } kind; /* names are sent in headers and JSON */
    size_t offset;
    long minimum, maximum; /* both allowed */
};

#define AT(member) offsetof(struct settings, member)

static const struct variable VARIABLES[] = {
    { "KITAE_MODEL_DIR", "folder of the model, which is its digits.txt", PATH, AT(model_folder), 0, 0 },
    { "KITAE_MODEL_DIGEST", "names the model in answers; none: a checksum does", NAME, AT(model), 0, 0 },
    { "KITAE_REVISION", "named in answers", NAME, AT(revision), 0, 0 },
    { "HOSTNAME", "the pod, named in answers", NAME, AT(pod), 0, 0 },
    { "PORT", "where it listens", WHOLE, AT(port), 1, 65535 },
    { "REQUEST_SECONDS", "limit for a request, and for an answer", WHOLE, AT(request_seconds), 1, 3600 },
    { "IDLE_SECONDS", "limit for a connection without requests", WHOLE, AT(idle_seconds), 1, 86400 },
    { "DRAIN_SECONDS", "of going on after SIGTERM", WHOLE, AT(drain_seconds), 0, 3600 },
    { "START_DELAY_SECONDS", "test: before the model is loaded", WHOLE, AT(start_delay_seconds), 0, 3600 },
    { "FAULT_DELAY_MILLISECONDS", "test: before a prediction", WHOLE, AT(fault_delay_milliseconds), 0, 60000 },
    { "FAULT_RATE_PERCENT", "test: predictions answered 500", WHOLE, AT(fault_rate_percent), 0, 100 },
};

enum { VARIABLE_COUNT = sizeof(VARIABLES) / sizeof(VARIABLES[0]) };

static void *member_of(struct settings *settings, const struct variable *variable)
{
    return (char *)settings + variable->offset;
}

static int set_whole(long *number, const struct variable *variable, const char *text, struct error *err)
{
    char *end;

    errno = 0;
    *number = strtol(text, &end, 10);
    if (errno || end == text || *end || *number < variable->minimum || *number > variable->maximum)
        return error_set(err,
                         EXIT_USAGE,
                         "%s is a number from %ld to %ld, not \"%s\"",
                         variable->name,
                         variable->minimum,
                         variable->maximum,
                         text);
    return 0;
}

/* What can stand in a header and in JSON as it is. */
static int check_name(const struct variable *variable, const char *text, struct error *err)
{
    size_t size = strlen(text);

    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return error_set(err, EXIT_USAGE, "%s has a character that no name has", variable->name);
    if (size > TEXT_MOST)
        return error_set(err, EXIT_USAGE, "%s has more than %d characters", variable->name, TEXT_MOST);
    return 0;
}

/* An empty variable is as good as none. */
int settings_read(struct settings *ret_settings, struct error *err)
{
    struct settings settings = DEFAULTS;

    for (const struct variable *variable = VARIABLES; variable < VARIABLES + VARIABLE_COUNT; variable++) {
        const char *text = getenv(variable->name);
        void *member = member_of(&settings, variable);

        if (!text || !*text)
            continue;
        if (variable->kind == NAME && check_name(variable, text, err) < 0)
            return -1;
        if (variable->kind == WHOLE && set_whole(member, variable, text, err) < 0)
            return -1;
        if (variable->kind != WHOLE)
            *(const char **)member = text;
    }
    *ret_settings = settings;
    return 0;
}

void settings_help(FILE *stream)
{
    struct settings defaults = DEFAULTS;

    fputs("digits serve: answers which digit it sees, by what `digits --output` has learned\n\n"
          "  POST /predict  {\"pixels\": [64 numbers from 0 to 16]}\n"
          "  GET /healthz   200 once the model is loaded\n"
          "  GET /metrics   for Prometheus\n\n"
          "Variables of the environment:\n\n",
          stream);
    for (const struct variable *variable = VARIABLES; variable < VARIABLES + VARIABLE_COUNT; variable++) {
        const void *value = member_of(&defaults, variable);

        fprintf(stream, "  %-26s %s ", variable->name, variable->help);
        if (variable->kind == WHOLE)
            fprintf(stream, "(%ld)\n", *(const long *)value);
        else
            fprintf(stream, "(%s)\n", *(const char *const *)value ? *(const char *const *)value : "none");
    }
    fputs("\nExit codes: 0 stopped by SIGTERM or SIGINT, with every request answered; 1 cannot go on; 2 wrong "
          "variable.\n",
          stream);
}
