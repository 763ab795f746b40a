#include "credentials.h"

#include <poll.h>
#include <string.h>
#include <time.h>

#include "../base/memory.h"
#include "../base/text.h"
#include "pem.h"
#include "secrets.h"

enum {
    READ_AGAIN_MS = 1000,       /* between two reads of a file because of 401s */
    EXPIRY_LEAD_MS = 60 * 1000, /* before its end a credential is replaced, or after 4/5 of its life */
    RUN_PAUSE_MS = 10 * 1000,   /* between two runs of a plugin whose credentials hardly live */
    BACKOFF_RESET_MS = 2 * CREDENTIALS_BACKOFF_MAX_MS,
    NO_FD_MS = 100,
};

struct credentials {
    const struct kube_config *config;
    char *token; /* NULL: none */
    char *ca, *certificate, *key;
    uint64_t serial, generation;

    char *authorization;
    struct http_header *headers; /* room for Authorization and all of impersonation */
    size_t count;

    int64_t token_read_ms, token_due_ms; /* due: INT64_MAX: never */
    int64_t tls_read_ms, tls_due_ms;

    struct exec_plugin plugin;
    int64_t run_due_ms; /* INT64_MAX: not wanted */
    int64_t run_ended_ms;
    int64_t backoff_ms;
    uint64_t rejected; /* the serial that a run is due for already; 0: none */
};

static int64_t boot_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Replaces *held; whether that changed anything. */
static bool replace(char **held, char *take_text)
{
    bool changed = !text_same(*held, take_text);

    free(*held);
    *held = take_text;
    return changed;
}

static void build_headers(struct credentials *self)
{
    const struct kube_config *config = self->config;
    const char *scheme = config->basic ? "Basic " : "Bearer ", *secret = config->basic ? config->basic : self->token;
    auto_strbuf struct strbuf value = { .maximum = 2 * KUBE_MAX_HEADER };

    free(take(self->authorization));
    self->count = 0;
    if (secret) {
        strbuf_addf(&value, "%s%s", scheme, secret);
        self->authorization = strbuf_detach(&value);
        self->headers[self->count++] = (struct http_header){ "Authorization", self->authorization };
    }
    for (size_t i = 0; i < config->impersonation_count; i++)
        self->headers[self->count++] = config->impersonation[i];
}

static void set_token(struct credentials *self, char *take_token)
{
    if (!replace(&self->token, take_token))
        return;
    self->serial++;
    build_headers(self);
}

static int read_token(struct credentials *self, int64_t now_ms, struct error *err)
{
    char *token;

    self->token_read_ms = now_ms;
    self->token_due_ms = now_ms + CREDENTIALS_TOKEN_MS;
    if (secret_read_token(self->config->token_file, &token, err) < 0)
        return -1;
    set_token(self, token);
    return 0;
}

static int read_ca(struct credentials *self, struct error *err)
{
    const char *path = self->config->ca_file;
    auto_free char *text = NULL;

    if (!path)
        return 0;
    if (secret_read_pem(path, &text, err) < 0)
        return -1;
    if (!text_same(text, self->ca) && pem_check_bundle(text, err) < 0)
        return error_wrap(err, "%s", path);
    self->generation += replace(&self->ca, take(text));
    return 0;
}

/* The text a PEM has now: of its file, or what it always was. */
static int current_pem(const char *path, const char *fixed, char **ret, struct error *err)
{
    if (path)
        return secret_read_pem(path, ret, err);
    *ret = text_copy(fixed);
    return 0;
}

/* Certificate and key are taken together or not at all: one of them may have been written a moment before the other. */
static int read_certificate(struct credentials *self, struct error *err)
{
    const struct kube_config *config = self->config;
    auto_free char *certificate = NULL, *key = NULL;
    bool changed;

    if (!config->certificate_file && !config->key_file)
        return 0;
    if (current_pem(config->certificate_file, config->certificate, &certificate, err) < 0 ||
        current_pem(config->key_file, config->key, &key, err) < 0)
        return -1;
    if (text_same(certificate, self->certificate) && text_same(key, self->key))
        return 0;
    if (pem_check_pair(certificate, key, err) < 0)
        return error_wrap(err, "%s", config->certificate_file ? config->certificate_file : config->key_file);
    changed = replace(&self->certificate, take(certificate));
    changed = replace(&self->key, take(key)) || changed;
    self->generation += changed;
    return 0;
}

static int read_tls(struct credentials *self, int64_t now_ms, struct error *err)
{
    int result = 0;

    self->tls_read_ms = now_ms;
    self->tls_due_ms = now_ms + CREDENTIALS_TLS_MS;
    if (read_ca(self, err) < 0)
        result = -1;
    if (read_certificate(self, err) < 0)
        result = -1;
    return result;
}

/* Takes what a plugin gave, and decides when to ask it again. */
static void take_exec(struct credentials *self, int64_t now_ms, struct exec_credential *credential)
{
    int64_t life = credential->expires_in_ms, lead = life / 5 < EXPIRY_LEAD_MS ? life / 5 : EXPIRY_LEAD_MS;
    bool changed;

    replace(&self->token, take(credential->token));
    build_headers(self);
    self->serial++; /* even when it is the same: a 401 from now on is news */
    changed = replace(&self->certificate, take(credential->certificate));
    changed = replace(&self->key, take(credential->key)) || changed;
    self->generation += changed;
    self->rejected = 0;
    self->run_ended_ms = now_ms;
    if (life == INT64_MAX)
        self->run_due_ms = INT64_MAX;
    else
        self->run_due_ms = now_ms + (life - lead > RUN_PAUSE_MS ? life - lead : RUN_PAUSE_MS);
}

static void back_off(struct credentials *self)
{
    self->backoff_ms *= 2;
    if (self->backoff_ms < CREDENTIALS_BACKOFF_MIN_MS)
        self->backoff_ms = CREDENTIALS_BACKOFF_MIN_MS;
    if (self->backoff_ms > CREDENTIALS_BACKOFF_MAX_MS)
        self->backoff_ms = CREDENTIALS_BACKOFF_MAX_MS;
}

static int run_failed(struct credentials *self, int64_t now_ms)
{
    back_off(self);
    self->run_ended_ms = now_ms;
    self->run_due_ms = now_ms + self->backoff_ms;
    return -1;
}

static int start_run(struct credentials *self, int64_t now_ms, struct error *err)
{
    if (now_ms - self->run_ended_ms >= BACKOFF_RESET_MS)
        self->backoff_ms = 0;
    self->run_due_ms = INT64_MAX;
    if (exec_plugin_start(&self->plugin, self->config->exec, now_ms, EXEC_TIMEOUT_MS, err) < 0)
        return run_failed(self, now_ms);
    return 0;
}

static int step_run(struct credentials *self, int64_t now_ms, struct error *err)
{
    struct exec_credential credential = { 0 };
    bool done;

    if (exec_plugin_step(&self->plugin, now_ms, &done, &credential, err) < 0)
        return run_failed(self, now_ms);
    if (done)
        take_exec(self, now_ms, &credential);
    return 0;
}

/* The first run, waited for. */
static int run_and_wait(struct credentials *self, int64_t now_ms, struct error *err)
{
    struct exec_credential credential = { 0 };
    bool done = false;

    if (exec_plugin_start(&self->plugin, self->config->exec, boot_clock_ms(), EXEC_TIMEOUT_MS, err) < 0)
        return -1;
    while (!done) {
        struct pollfd wait = { .fd = exec_plugin_fd(&self->plugin), .events = POLLIN };

        poll(&wait, 1, NO_FD_MS);
        if (exec_plugin_step(&self->plugin, boot_clock_ms(), &done, &credential, err) < 0)
            return -1;
    }
    take_exec(self, now_ms, &credential);
    return 0;
}

int credentials_create(const struct kube_config *config, int64_t now_ms, struct credentials **ret, struct error *err)
{
    struct credentials *self = xcalloc(1, sizeof(*self));
    bool tls_files = config->ca_file || config->certificate_file || config->key_file;

    *self = (struct credentials){
        .config = config,
        .token = text_copy(config->token),
        .ca = text_copy(config->ca),
        .certificate = text_copy(config->certificate),
        .key = text_copy(config->key),
        .serial = 1,
        .generation = 1,
        .headers = xcalloc(1 + config->impersonation_count, sizeof(*self->headers)),
        .token_read_ms = now_ms,
        .tls_read_ms = now_ms,
        .token_due_ms = config->token_file ? now_ms + CREDENTIALS_TOKEN_MS : INT64_MAX,
        .tls_due_ms = tls_files ? now_ms + CREDENTIALS_TLS_MS : INT64_MAX,
        .run_due_ms = INT64_MAX,
    };
    build_headers(self);
    if (config->exec && run_and_wait(self, now_ms, err) < 0) {
        credentials_destroy(self);
        return -1;
    }
    *ret = self;
    return 0;
}

void credentials_destroy(struct credentials *self)
{
    if (!self)
        return;
    exec_plugin_finish(&self->plugin);
    free(self->token);
    free(self->ca);
    free(self->certificate);
    free(self->key);
    free(self->authorization);
    free(self->headers);
    free(self);
}

struct credentials_headers credentials_headers(const struct credentials *self)
{
    return (struct credentials_headers){ self->headers, self->count, self->serial };
}

struct credentials_tls credentials_tls(const struct credentials *self)
{
    return (struct credentials_tls){ self->ca, self->certificate, self->key };
}

uint64_t credentials_generation(const struct credentials *self)
{
    return self->generation;
}

int credentials_poll(struct credentials *self, int64_t now_ms, struct error *err)
{
    int result = 0;

    if (now_ms >= self->token_due_ms && read_token(self, now_ms, err) < 0)
        result = -1;
    if (now_ms >= self->tls_due_ms && read_tls(self, now_ms, err) < 0)
        result = -1;
    if (now_ms >= self->run_due_ms && start_run(self, now_ms, err) < 0)
        result = -1;
    if (exec_plugin_is_running(&self->plugin) && step_run(self, now_ms, err) < 0)
        result = -1;
    return result;
}

int credentials_fd(const struct credentials *self)
{
    return exec_plugin_fd(&self->plugin);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t credentials_next(const struct credentials *self, int64_t now_ms)
{
    int64_t next = earlier(earlier(self->token_due_ms, self->tls_due_ms), self->run_due_ms);

    if (!exec_plugin_is_running(&self->plugin))
        return next;
    next = earlier(next, self->plugin.deadline_ms);
    return exec_plugin_fd(&self->plugin) < 0 ? earlier(next, now_ms + NO_FD_MS) : next;
}

/* Brings the next run of the plugin forward, once for each credential it gave. */
static void want_run(struct credentials *self, int64_t now_ms)
{
    int64_t earliest;

    if (self->rejected == self->serial || exec_plugin_is_running(&self->plugin))
        return;
    self->rejected = self->serial;
    if (now_ms - self->run_ended_ms >= BACKOFF_RESET_MS)
        self->backoff_ms = 0;
    else
        back_off(self);
    earliest = self->run_ended_ms + self->backoff_ms;
    self->run_due_ms = earlier(self->run_due_ms, earliest > now_ms ? earliest : now_ms);
}

bool credentials_rejected(struct credentials *self, int64_t now_ms, uint64_t serial)
{
    struct error ignored; /* the next poll meets it again, and says so */

    if (serial != self->serial)
        return true;
    if (self->config->token_file && now_ms - self->token_read_ms >= READ_AGAIN_MS)
        (void)!read_token(self, now_ms, &ignored);
    if (self->tls_due_ms != INT64_MAX && now_ms - self->tls_read_ms >= READ_AGAIN_MS)
        self->tls_due_ms = earlier(self->tls_due_ms, now_ms);
    if (self->config->exec)
        want_run(self, now_ms);
    return serial != self->serial;
}
