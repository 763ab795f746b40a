#include "answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "pixels.h"

static const char JSON[] = "application/json";
static const char PLAIN[] = "text/plain; charset=utf-8";
static const char PROMETHEUS[] = "text/plain; version=0.0.4; charset=utf-8";

/* An answer before it is written down. */
struct draft {
    int status;
    const char *type;  /* of the body */
    const char *allow; /* methods; NULL: no such header */
    bool is_counted, is_prediction;
    struct text body;
};

/* Messages come from here, or quote nothing: no character in them has to be escaped but the quotation mark. */
static void say_error(struct draft *draft, int status, const char *message)
{
    draft->status = status;
    draft->type = JSON;
    draft->body.size = 0;
    text_add(&draft->body, "{\"error\":\"");
    for (const char *c = message; *c; c++)
        text_add(&draft->body, *c == '"' ? "\\%c" : "%c", *c);
    text_add(&draft->body, "\"}\n");
}

static void say_prediction(const struct service *service, const struct digit *digit, struct draft *draft)
{
    float probabilities[DATA_CLASSES];
    struct text *body = &draft->body;

    draft->status = 200;
    draft->type = JSON;
    text_add(body, "{\"digit\":%u,\"probabilities\":[", model_classify(&service->model, digit, probabilities));
    for (size_t i = 0; i < DATA_CLASSES; i++)
        text_add(body, "%s%.6f", i ? "," : "", (double)probabilities[i]);
    text_add(body, "],\"model\":\"%s\",\"revision\":\"%s\"}\n", service->model_name, service->settings->revision);
}

/* The faults are spread evenly, not drawn: of 100 predictions exactly so many fail. */
static bool fault_is_due(struct service *service)
{
    service->fault_balance += service->settings->fault_rate_percent;
    if (service->fault_balance < 100)
        return false;
    service->fault_balance -= 100;
    return true;
}

static void predict(struct service *service, const struct http_request *request, struct draft *draft)
{
    struct digit digit;
    struct error err;

    draft->is_prediction = true;
    if (!service->has_model)
        say_error(draft, 503, "the model is being loaded");
    else if (fault_is_due(service))
        say_error(draft, 500, "a fault, as FAULT_RATE_PERCENT asks");
    else if (pixels_parse(request->body, request->body_size, &digit, &err) < 0)
        say_error(draft, 400, err.message);
    else
        say_prediction(service, &digit, draft);
}

static void tell_health(struct service *service, const struct http_request *request, struct draft *draft)
{
    (void)request;
    draft->is_counted = false;
    draft->status = service->has_model ? 200 : 503;
    text_add(&draft->body, service->has_model ? "ok\n" : "the model is being loaded\n");
}

static void tell_metrics(struct service *service, const struct http_request *request, struct draft *draft)
{
    (void)request;
    draft->is_counted = false;
    draft->status = 200;
    draft->type = PROMETHEUS;
    metrics_write(&service->metrics, &draft->body);
    text_add(&draft->body,
             "# HELP digits_model_info Which model answers.\n"
             "# TYPE digits_model_info gauge\n"
             "digits_model_info{model=\"%s\",revision=\"%s\"} 1\n",
             service->model_name,
             service->settings->revision);
}

static const struct path {
    const char *path;
    bool is_post; /* else GET, and HEAD */
    void (*tell)(struct service *service, const struct http_request *request, struct draft *draft);
} PATHS[] = {
    { "/predict", true, predict },
    { "/healthz", false, tell_health },
    { "/metrics", false, tell_metrics },
};

static const struct path *path_of(const struct http_request *request)
{
    for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++)
        if (request->path_size == strlen(PATHS[i].path) &&
            memcmp(request->path, PATHS[i].path, request->path_size) == 0)
            return &PATHS[i];
    return NULL;
}

static bool is_allowed(const struct path *path, enum http_method method)
{
    return path->is_post ? method == HTTP_POST : method == HTTP_GET || method == HTTP_HEAD;
}

static void route(struct service *service, const struct http_request *request, struct draft *draft)
{
    const struct path *path = path_of(request);

    if (!path) {
        say_error(draft, 404, "there are POST /predict, GET /healthz and GET /metrics");
    } else if (!is_allowed(path, request->method)) {
        draft->allow = path->is_post ? "POST" : "GET, HEAD";
        say_error(draft, 405, path->is_post ? "this path takes POST" : "this path takes GET");
    } else {
        path->tell(service, request, draft);
    }
}

static void write_down(const struct service *service,
                       const struct draft *draft,
                       bool keep_alive,
                       bool with_body,
                       struct answer *ret_answer)
{
    const struct settings *settings = service->settings;
    struct text *text = &ret_answer->text;

    ret_answer->status = draft->status;
    ret_answer->is_counted = draft->is_counted;
    ret_answer->delay_milliseconds = draft->is_prediction ? settings->fault_delay_milliseconds : 0;
    text->size = 0;
    text_add(text, "HTTP/1.1 %d %s\r\n", draft->status, HTTP_STATUSES[http_status_index(draft->status)].reason);
    text_add(text, "Content-Type: %s\r\nContent-Length: %zu\r\n", draft->type, draft->body.size);
    text_add(text, "Kitae-Model: %s\r\nKitae-Revision: %s\r\n", service->model_name, settings->revision);
    text_add(text, "Kitae-Pod: %s\r\nConnection: %s\r\n", settings->pod, keep_alive ? "keep-alive" : "close");
    if (draft->allow)
        text_add(text, "Allow: %s\r\n", draft->allow);
    text_add(text, "\r\n");
    if (with_body)
        text_add(text, "%.*s", (int)draft->body.size, draft->body.bytes);
}

void service_init(struct service *service, const struct settings *settings)
{
    *service = (struct service){ .settings = settings };
    snprintf(service->model_name, sizeof(service->model_name), "%s", settings->model ? settings->model : "none");
}

void service_take_model(struct service *service, const struct model *model)
{
    service->model = *model;
    service->has_model = true;
    if (!service->settings->model)
        snprintf(service->model_name, sizeof(service->model_name), "%016" PRIx64, model_checksum(model));
}

void answer_request(struct service *service,
                    const struct http_request *request,
                    bool keep_alive,
                    struct answer *ret_answer)
{
    struct draft draft = { .type = PLAIN, .is_counted = true };

    route(service, request, &draft);
    write_down(service, &draft, keep_alive, request->method != HTTP_HEAD, ret_answer);
}

void answer_problem(struct service *service, const struct http_problem *problem, struct answer *ret_answer)
{
    struct draft draft = { .type = PLAIN, .is_counted = true };

    say_error(&draft, problem->status, problem->message);
    write_down(service, &draft, false, true, ret_answer);
}
