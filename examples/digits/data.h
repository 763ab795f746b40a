#pragma once
/*
 * The handwritten digits of digits.csv, compiled into the program: the compiler includes the file as the initialiser
 * of an array. DATA.md says where they come from. Or those of files of the same form. Every fifth is held out of
 * training and measures accuracy.
 */

#include "error.h"

enum {
    DATA_PIXELS = 64, /* 8 x 8, row by row */
    DATA_CLASSES = 10,
    DATA_MOST = 20000,
    DATA_LEAST = 100,
};

/* A digit: its number of ink, 0 to 16 in each pixel, and which digit it shows. Lives as long as the program. */
struct digit {
    unsigned char pixels[DATA_PIXELS];
    unsigned char label;
};

/* Takes the digits of all *.csv files of a folder, in the order of their names, in place of those compiled in. */
int data_read(const char *folder, struct error *err);

/* index: 0 to the count - 1. */
unsigned data_training_count(void);
unsigned data_held_out_count(void);
const struct digit *data_training(unsigned index);
const struct digit *data_held_out(unsigned index);
