#include "model.h"

#include <math.h>
#include <string.h>

#include "random.h"

static const float INK_MAX = 16.0f;
static const float MOMENTUM = 0.9f;

/* What one digit causes in the model, from the pixels up. */
struct activity {
    float pixels[DATA_PIXELS];
    float hidden[MODEL_HIDDEN_MAX];
    float classes[DATA_CLASSES]; /* probabilities */
};

/* Where the units of the second layer begin in an array laid out like the parameters. */
static size_t second_layer(const struct model *model)
{
    return model->hidden * (DATA_PIXELS + 1);
}

/* Uniform weights of He's variance, 2 / inputs; biases are zero. */
static void layer_init(float *units, size_t inputs, size_t outputs, struct random *random)
{
    float reach = sqrtf(6.0f / (float)inputs);

    for (size_t i = 0; i < outputs; i++, units += inputs + 1) {
        for (size_t j = 0; j < inputs; j++)
            units[j] = reach * random_even(random);
        units[inputs] = 0;
    }
}

static void layer_forward(const float *units, size_t inputs, size_t outputs, const float *input, float *ret_output)
{
    for (size_t i = 0; i < outputs; i++, units += inputs + 1) {
        float sum = units[inputs];

        for (size_t j = 0; j < inputs; j++)
            sum += units[j] * input[j];
        ret_output[i] = sum;
    }
}

/* `delta` is the loss differentiated by each output; adds the same by each parameter. */
static void layer_gradient(float *gradient, size_t inputs, size_t outputs, const float *input, const float *delta)
{
    for (size_t i = 0; i < outputs; i++, gradient += inputs + 1) {
        for (size_t j = 0; j < inputs; j++)
            gradient[j] += delta[i] * input[j];
        gradient[inputs] += delta[i];
    }
}

static void layer_backward(
    const float *units, size_t inputs, size_t outputs, const float *delta, float *ret_input_delta)
{
    for (size_t j = 0; j < inputs; j++)
        ret_input_delta[j] = 0;
    for (size_t i = 0; i < outputs; i++, units += inputs + 1)
        for (size_t j = 0; j < inputs; j++)
            ret_input_delta[j] += delta[i] * units[j];
}

static void softmax(float *values, size_t count)
{
    float greatest = values[0], sum = 0;

    for (size_t i = 1; i < count; i++)
        greatest = fmaxf(greatest, values[i]);
    for (size_t i = 0; i < count; i++)
        sum += values[i] = expf(values[i] - greatest);
    for (size_t i = 0; i < count; i++)
        values[i] /= sum;
}

static void run(const struct model *model, const struct digit *digit, struct activity *ret_activity)
{
    const float *second = model->parameters + second_layer(model);
    struct activity *a = ret_activity;

    for (size_t i = 0; i < DATA_PIXELS; i++)
        a->pixels[i] = (float)digit->pixels[i] / INK_MAX;
    layer_forward(model->parameters, DATA_PIXELS, model->hidden, a->pixels, a->hidden);
    for (size_t i = 0; i < model->hidden; i++)
        a->hidden[i] = fmaxf(a->hidden[i], 0);
    layer_forward(second, model->hidden, DATA_CLASSES, a->hidden, a->classes);
    softmax(a->classes, DATA_CLASSES);
}

size_t model_count(size_t hidden)
{
    return hidden * (DATA_PIXELS + 1) + DATA_CLASSES * (hidden + 1);
}

void model_init(struct model *model, size_t hidden, uint64_t seed)
{
    struct random random = { seed };

    *model = (struct model){ .hidden = hidden, .count = model_count(hidden) };
    layer_init(model->parameters, DATA_PIXELS, hidden, &random);
    layer_init(model->parameters + second_layer(model), hidden, DATA_CLASSES, &random);
}

float model_learn(const struct model *model, const struct digit *digit, float *gradient)
{
    const float *second = model->parameters + second_layer(model);
    float delta[MODEL_HIDDEN_MAX];
    struct activity a;
    float loss;

    run(model, digit, &a);
    loss = -logf(fmaxf(a.classes[digit->label], 1e-12f));
    a.classes[digit->label] -= 1; /* softmax and cross-entropy together: the derivative by each sum */
    layer_gradient(gradient + second_layer(model), model->hidden, DATA_CLASSES, a.hidden, a.classes);
    layer_backward(second, model->hidden, DATA_CLASSES, a.classes, delta);
    for (size_t i = 0; i < model->hidden; i++)
        if (a.hidden[i] <= 0)
            delta[i] = 0;
    layer_gradient(gradient, DATA_PIXELS, model->hidden, a.pixels, delta);
    return loss;
}

unsigned model_classify(const struct model *model, const struct digit *digit, float *ret_probabilities)
{
    struct activity a;
    unsigned best = 0;

    run(model, digit, &a);
    for (unsigned i = 1; i < DATA_CLASSES; i++)
        if (a.classes[i] > a.classes[best])
            best = i;
    if (ret_probabilities)
        memcpy(ret_probabilities, a.classes, sizeof(a.classes));
    return best;
}

void model_step(struct model *model, const float *gradient, float scale, float rate)
{
    for (size_t i = 0; i < model->count; i++) {
        model->velocities[i] = MOMENTUM * model->velocities[i] - rate * scale * gradient[i];
        model->parameters[i] += model->velocities[i];
    }
}

uint64_t model_checksum(const struct model *model)
{
    uint64_t sum = 0xcbf29ce484222325;

    for (size_t i = 0; i < model->count; i++) {
        uint32_t bits;

        memcpy(&bits, &model->parameters[i], sizeof(bits));
        for (unsigned shift = 0; shift < 32; shift += 8)
            sum = (sum ^ ((bits >> shift) & 0xff)) * 0x100000001b3;
    }
    return sum;
}
