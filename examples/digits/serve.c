#include "serve.h"

#include <stdio.h>
#include <string.h>

#include "last_word.h"
#include "server.h"

static int fail(const struct error *why)
{
    fprintf(stderr, "digits serve: %s\n", why->message);
    last_word("/dev/termination-log", why->message);
    return why->exit_code;
}

static int run(const struct settings *settings)
{
    static struct server server; /* large */
    struct error err;
    int result = server_init(&server, settings, &err);

    if (result == 0)
        result = server_run(&server, &err);
    server_finish(&server);
    if (result < 0)
        return fail(&err);
    puts("stopped: every request is answered");
    return 0;
}

int serve(int argc, char **argv)
{
    struct settings settings;
    struct error err;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        settings_help(stdout);
        return 0;
    }
    if (argc > 1) {
        error_set(&err, EXIT_USAGE, "unexpected \"%s\": variables of the environment say what to do (--help)", argv[1]);
        return fail(&err);
    }
    if (settings_read(&settings, &err) < 0)
        return fail(&err);
    return run(&settings);
}
