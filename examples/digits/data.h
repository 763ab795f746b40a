#pragma once
/*
 * The handwritten digits of digits.csv, compiled into the program: the compiler includes the file as the initialiser
 * of an array. DATA.md says where they come from. Every fifth is held out of training and measures accuracy.
 */

enum {
    DATA_PIXELS = 64, /* 8 x 8, row by row */
    DATA_CLASSES = 10,
    DATA_HELD_OUT = 360,
    DATA_TRAINING = 1437,
};

/* A digit: its number of ink, 0 to 16 in each pixel, and which digit it shows. Lives as long as the program. */
struct digit {
    unsigned char pixels[DATA_PIXELS];
    unsigned char label;
};

/* index: 0 to DATA_TRAINING - 1, and 0 to DATA_HELD_OUT - 1. */
const struct digit *data_training(unsigned index);
const struct digit *data_held_out(unsigned index);
