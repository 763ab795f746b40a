/*
 * Any bytes as what a client of examples/digits sends. A request that came in pieces must be read as the whole one is;
 * a body that is taken must be JSON for jansson too, with the same numbers.
 */

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Nothing of operator/ beside it: examples have an error_set() of their own. */
#include "../../examples/digits/http.h"
#include "../../examples/digits/pixels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In memory of exactly this size, so that reading on is noticed. */
static int parse_copy(const uint8_t *data, size_t size, struct http_request *ret, struct http_problem *ret_problem)
{
    char *bytes = malloc(size ? size : 1);
    int result;

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    result = http_parse(bytes, size, ret, ret_problem);
    if (result == 1 && (ret->size > size || ret->body + ret->body_size != bytes + ret->size || ret->path < bytes ||
                        ret->path + ret->path_size > ret->body))
        abort();
    free(bytes);
    return result;
}

/* What was decided on fewer bytes stays decided. */
static void check_pieces(const uint8_t *data, size_t size, int whole, const struct http_request *request, int status)
{
    size_t step = size / 64 + 1;

    for (size_t part = 0; part < size; part += step) {
        struct http_request found;
        struct http_problem problem;
        int result = parse_copy(data, part, &found, &problem);

        if (result != 0 && result != whole)
            abort();
        if (result == 1 && (found.size != request->size || found.keep_alive != request->keep_alive))
            abort();
        if (result < 0 && problem.status != status)
            abort();
        if (result == 0 && part >= HTTP_REQUEST_MAX)
            abort(); /* a server's buffer would be full */
    }
}

static void check_body(const char *body, size_t size)
{
    struct digit digit;
    struct error err;
    json_t *tree, *pixels;

    if (pixels_parse(body, size, &digit, &err) < 0)
        return;
    tree = json_loadb(body, size, 0, NULL);
    pixels = json_object_get(tree, "pixels");
    if (json_object_size(tree) != 1 || json_array_size(pixels) != DATA_PIXELS)
        abort();
    for (size_t i = 0; i < DATA_PIXELS; i++)
        if (json_number_value(json_array_get(pixels, i)) != digit.pixels[i])
            abort();
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_request request = { 0 };
    struct http_problem problem = { 0 };
    int result = parse_copy(data, size, &request, &problem);

    check_pieces(data, size, result, &request, problem.status);
    if (result < 0)
        http_status_index(problem.status);
    if (result == 1)
        check_body((const char *)data + (request.size - request.body_size), request.body_size);
    return 0;
}
