#include "data.h"

static const unsigned char table[] = {
#include "digits.csv"
};

enum { EVERY = 5 };

_Static_assert(sizeof(struct digit) == DATA_PIXELS + 1, "a line of the file is one struct digit");
_Static_assert(sizeof(table) == (DATA_TRAINING + DATA_HELD_OUT) * sizeof(struct digit), "digits.csv is not whole");

static const struct digit *digit_at(unsigned line)
{
    return (const struct digit *)table + line;
}

const struct digit *data_training(unsigned index)
{
    return digit_at(index + index / (EVERY - 1) + 1);
}

const struct digit *data_held_out(unsigned index)
{
    return digit_at(index * EVERY);
}
