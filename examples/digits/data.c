#include "data.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

static const unsigned char table[] = {
#include "digits.csv"
};

enum { EVERY = 5 };

_Static_assert(sizeof(table) % sizeof(struct digit) == 0, "digits.csv is not whole");

static struct digit from_files[DATA_MOST];
static const struct digit *digits = (const struct digit *)table;
static unsigned count = sizeof(table) / sizeof(struct digit);

/* -- from files ---------------------------------------------------------------------------------------------------- */

/* 64 pixels and the label, each with a comma behind it. */
static int read_digit(FILE *file, struct digit *ret_digit)
{
    unsigned char *bytes = (unsigned char *)ret_digit;

    for (size_t i = 0; i < sizeof(*ret_digit); i++) {
        unsigned value;

        if (fscanf(file, "%u ,", &value) != 1)
            return i ? -1 : 0;
        if (value > (i < DATA_PIXELS ? 16 : DATA_CLASSES - 1))
            return -1;
        bytes[i] = (unsigned char)value;
    }
    return 1;
}

static int read_file(const char *path, unsigned *found, struct error *err)
{
    FILE *file = fopen(path, "re");
    int there = 1;

    if (!file)
        return error_set(err, EXIT_FAULT, "%s cannot be read: %s", path, strerror(errno));
    while (*found < DATA_MOST && (there = read_digit(file, &from_files[*found])) > 0)
        ++*found;
    fclose(file);
    if (there < 0)
        return error_set(err, EXIT_FAULT, "%s: digit %u is not 64 numbers up to 16 and a label", path, *found + 1);
    return there > 0 ? error_set(err, EXIT_FAULT, "there are more than %d digits", DATA_MOST) : 0;
}

int data_read(const char *folder, struct error *err)
{
    char pattern[4096];
    unsigned found = 0;
    glob_t files;
    int result = 0;

    snprintf(pattern, sizeof(pattern), "%s/*.csv", folder);
    if (glob(pattern, 0, NULL, &files) != 0)
        return error_set(err, EXIT_FAULT, "there is no file %s", pattern);
    for (size_t i = 0; i < files.gl_pathc && result == 0; i++)
        result = read_file(files.gl_pathv[i], &found, err);
    globfree(&files);
    if (result == 0 && found < DATA_LEAST)
        result = error_set(err, EXIT_FAULT, "%s has %u digits; %d are needed at least", folder, found, DATA_LEAST);
    digits = from_files;
    count = found;
    return result;
}

/* -- in two parts -------------------------------------------------------------------------------------------------- */

unsigned data_training_count(void)
{
    return count - data_held_out_count();
}

unsigned data_held_out_count(void)
{
    return (count + EVERY - 1) / EVERY;
}

const struct digit *data_training(unsigned index)
{
    return &digits[index + index / (EVERY - 1) + 1];
}

const struct digit *data_held_out(unsigned index)
{
    return &digits[index * EVERY];
}
