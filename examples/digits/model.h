#pragma once
/*
 * A perceptron with one hidden layer: 64 pixels -> hidden units, ReLU -> 10 classes, softmax. All its parameters lie in
 * one array, unit after unit, each unit's weights followed by its bias, so that what is exchanged between processes,
 * checked and stepped is simply an array.
 *
 * Parameters are only ever touched by additions, multiplications and square roots, which every processor rounds the
 * same way. Exponentials, which libm may round by processor, go into gradients, and those are summed in one place.
 */

#include <stddef.h>
#include <stdint.h>

#include "data.h"

enum {
    MODEL_HIDDEN_MAX = 128,
    MODEL_PARAMETERS_MAX = MODEL_HIDDEN_MAX * (DATA_PIXELS + 1) + DATA_CLASSES * (MODEL_HIDDEN_MAX + 1),
};

struct model {
    size_t hidden; /* 1 to MODEL_HIDDEN_MAX */
    size_t count;  /* of parameters in use */
    float parameters[MODEL_PARAMETERS_MAX];
    float velocities[MODEL_PARAMETERS_MAX]; /* of momentum */
};

/* How many parameters a model with so many hidden units has. */
size_t model_count(size_t hidden);

/* Random weights, the same for the same seed. Owns nothing, so there is nothing to finish. */
void model_init(struct model *model, size_t hidden, uint64_t seed);

/* Adds the gradient of this digit's loss to gradient[0 .. count - 1] and returns the loss (cross-entropy, in nats). */
float model_learn(const struct model *model, const struct digit *digit, float *gradient);

/* The digit that the model sees, 0 to 9, and how sure it is of each: DATA_CLASSES probabilities; NULL: not wanted. */
unsigned model_classify(const struct model *model, const struct digit *digit, float *ret_probabilities);

/* One step of gradient descent with momentum. `scale` makes the sum of gradients an average: 1 / digits in the sum. */
void model_step(struct model *model, const float *gradient, float scale, float rate);

/* FNV-1a over the bits of all parameters: equal models, equal sums. */
uint64_t model_checksum(const struct model *model);
