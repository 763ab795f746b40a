#include "model_file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_model(const struct model *model, FILE *file)
{
    fprintf(file, "hidden %zu\n", model->hidden);
    for (size_t i = 0; i < model->count; i++)
        fprintf(file, "%a\n", (double)model->parameters[i]);
    return fflush(file) == 0 && fsync(fileno(file)) == 0 && !ferror(file) ? 0 : -1;
}

int model_save(const struct model *model, const char *folder, struct error *err)
{
    char path[4096], part[4200];
    FILE *file;
    int result;

    snprintf(path, sizeof(path), "%s/digits.txt", folder);
    snprintf(part, sizeof(part), "%s.part", path);
    file = fopen(part, "we");
    if (!file)
        return error_set(err, EXIT_FAULT, "%s cannot be written: %s", part, strerror(errno));
    result = write_model(model, file);
    if (fclose(file) != 0 || result < 0 || rename(part, path) != 0)
        return error_set(err, EXIT_FAULT, "%s cannot be written: %s", path, strerror(errno));
    return 0;
}

/* The whole line is a number, finite as float. */
static int read_parameter(const char *line, float *ret_parameter)
{
    char *end;

    *ret_parameter = strtof(line, &end);
    return end != line && strcmp(end, "\n") == 0 && isfinite(*ret_parameter) ? 0 : -1;
}

static int read_hidden(const char *line, size_t *ret_hidden)
{
    int end = 0;

    if (sscanf(line, "hidden %3zu%n", ret_hidden, &end) != 1 || strcmp(line + end, "\n") != 0)
        return -1;
    return *ret_hidden >= 1 && *ret_hidden <= MODEL_HIDDEN_MAX ? 0 : -1;
}

static int read_model(FILE *file, const char *path, struct model *ret_model, struct error *err)
{
    char line[64];

    *ret_model = (struct model){ 0 };
    if (!fgets(line, sizeof(line), file))
        return error_set(err, EXIT_FAULT, "%s is empty, or cannot be read", path);
    if (read_hidden(line, &ret_model->hidden) < 0)
        return error_set(err, EXIT_FAULT, "%s is damaged: line 1 is not \"hidden 1\" to %d", path, MODEL_HIDDEN_MAX);
    ret_model->count = model_count(ret_model->hidden);
    for (size_t i = 0; i < ret_model->count; i++) {
        if (!fgets(line, sizeof(line), file))
            return error_set(err, EXIT_FAULT, "%s is damaged: %zu of %zu weights", path, i, ret_model->count);
        if (read_parameter(line, &ret_model->parameters[i]) < 0)
            return error_set(err, EXIT_FAULT, "%s is damaged: line %zu is not a finite number", path, i + 2);
    }
    if (fgetc(file) != EOF)
        return error_set(err, EXIT_FAULT, "%s is damaged: more than %zu weights", path, ret_model->count);
    return 0;
}

int model_load(const char *folder, struct model *ret_model, struct error *err)
{
    char path[4096];
    FILE *file;
    int result;

    snprintf(path, sizeof(path), "%s/digits.txt", folder);
    file = fopen(path, "re");
    if (!file)
        return error_set(err, EXIT_FAULT, "%s cannot be read: %s", path, strerror(errno));
    result = read_model(file, path, ret_model, err);
    fclose(file);
    return result;
}
