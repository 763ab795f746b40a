#pragma once
/* A model in a folder: the file digits.txt, "hidden N", then a parameter a line, exact. */

#include "error.h"
#include "model.h"

/* Writes it, whole or not at all. */
int model_save(const struct model *model, const char *folder, struct error *err);

/* Reads it. What is missing, cut off, too long or no number is refused, with its line. */
int model_load(const char *folder, struct model *ret_model, struct error *err);
