#pragma once
/* The flags that commands share, and what is made of them: a bucket to speak to, and a selection of what is in it. */

#include <signal.h>

#include "../operator/cli/options.h"
#include "s3/transfer.h"
#include "select.h"

/* Rows of an option table. */
#define PLACE_OPTIONS                                                                                                  \
    { "region", 0, OPTION_TEXT, "NAME", "region of the bucket (default: us-east-1)" },                                 \
        { "endpoint", 0, OPTION_TEXT, "URL", "where the S3 server is (default: Amazon's)" },                           \
        { "addressing",                                                                                                \
          0,                                                                                                           \
          OPTION_CHOICE,                                                                                               \
          "Virtual|Path",                                                                                              \
          "where the bucket stands in requests (default: Virtual, Path for an endpoint that is an address)" },         \
        { "ca-file", 0, OPTION_TEXT, "FILE", "certificates that the server's is signed by (default: the system's)" },  \
    {                                                                                                                  \
        "anonymous", 0, OPTION_SWITCH, NULL, "do not sign requests (default: false)"                                   \
    }

#define SELECTION_OPTIONS                                                                                              \
    { "include", 0, OPTION_REPEAT, "GLOB", "keys that are wanted; may be repeated (default: all)" },                   \
        { "exclude", 0, OPTION_REPEAT, "GLOB", "keys that are not; may be repeated (default: none)" },                 \
    {                                                                                                                  \
        "partition", 0, OPTION_REPEAT, "KEY:WHAT",                                                                     \
            "folders KEY=VALUE: KEY:newest=N, KEY:values=A,B or KEY:from=A,before=B; may be repeated (default: all)"   \
    }

#define TRANSFER_OPTIONS                                                                                               \
    { "connections", 0, OPTION_NUMBER, "N", "requests at the same time (default: 16)" },                               \
    {                                                                                                                  \
        "max-bytes-per-second", 0, OPTION_TEXT, "N", "limit, such as 1000000 or 200Mi (default: none)"                 \
    }

/* One bucket. */
struct source {
    struct s3_location location;
    struct s3 *s3;
    char *prefix; /* with a slash at its end, or "" */
};

/* From the options above and the uri. Catches SIGTERM and SIGINT from now on. */
int source_open(struct source *source, struct option *options, const char *uri, struct failure *failure) must_check;
void source_close(struct source *source); /* a zeroed one is fine */

int source_select(struct selection *selection, struct option *options, struct failure *failure) must_check;

/* Set by SIGTERM and SIGINT, from then on. */
void catch_interrupts(void);
extern volatile sig_atomic_t interrupted;
