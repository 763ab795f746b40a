#include "pixels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { INK_MOST = 16, NUMBER_MOST = 24 /* characters */ };

struct reader {
    const char *at, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->end && memchr(" \t\r\n", *reader->at, 4))
        reader->at++;
}

/* Takes a character, with the space before it, when it is the next. */
static bool take(struct reader *reader, char c)
{
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static bool take_word(struct reader *reader, const char *word)
{
    size_t size = strlen(word);

    skip_space(reader);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

static const char *skip_digits(const char *c)
{
    while (is_digit(*c))
        c++;
    return c;
}

/* JSON's own grammar, which is narrower than strtod's. */
static bool is_number(const char *text)
{
    if (*text == '-')
        text++;
    if (!is_digit(*text))
        return false;
    text = *text == '0' ? text + 1 : skip_digits(text);
    if (*text == '.') {
        if (!is_digit(*++text))
            return false;
        text = skip_digits(text);
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        if (*text == '+' || *text == '-')
            text++;
        if (!is_digit(*text))
            return false;
        text = skip_digits(text);
    }
    return *text == '\0';
}

static int take_pixel(struct reader *reader, size_t index, unsigned char *ret_pixel, struct error *err)
{
    char text[NUMBER_MOST + 1];
    size_t size = 0;
    double number;

    skip_space(reader);
    while (size < NUMBER_MOST && reader->at < reader->end && *reader->at && strchr("+-.0123456789eE", *reader->at))
        text[size++] = *reader->at++;
    text[size] = '\0';
    number = is_number(text) ? strtod(text, NULL) : -1;
    if (!(number >= 0 && number <= INK_MOST) || number != (unsigned char)number)
        return error_set(err, EXIT_FAULT, "pixels[%zu] is not a whole number from 0 to %d", index, INK_MOST);
    *ret_pixel = (unsigned char)number;
    return 0;
}

int pixels_parse(const char *json, size_t size, struct digit *ret_digit, struct error *err)
{
    struct reader reader = { json, json + size };
    struct digit digit = { 0 };

    if (!take(&reader, '{') || !take_word(&reader, "\"pixels\"") || !take(&reader, ':') || !take(&reader, '['))
        return error_set(err, EXIT_FAULT, "the body is not {\"pixels\": [%d numbers]}", DATA_PIXELS);
    for (size_t i = 0; i < DATA_PIXELS; i++) {
        if (i > 0 && !take(&reader, ','))
            return error_set(err, EXIT_FAULT, "a comma and a number are expected behind pixels[%zu]", i - 1);
        if (take_pixel(&reader, i, &digit.pixels[i], err) < 0)
            return -1;
    }
    if (!take(&reader, ']'))
        return error_set(err, EXIT_FAULT, "the array of pixels does not end after %d numbers", DATA_PIXELS);
    if (!take(&reader, '}'))
        return error_set(err, EXIT_FAULT, "there is more than \"pixels\", or the closing brace is missing");
    skip_space(&reader);
    if (reader.at < reader.end)
        return error_set(err, EXIT_FAULT, "something follows behind the closing brace");
    *ret_digit = digit;
    return 0;
}
