#include "train.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data.h"
#include "model.h"
#include "model_file.h"
#include "random.h"
#include "wait.h"

enum { BATCH = 48 }; /* digits in a step, of all ranks together */

/* What a step adds up over all ranks: the gradient, and after it the loss. */
enum { SUMS_MAX = MODEL_PARAMETERS_MAX + 1 };
_Static_assert((int)SUMS_MAX <= (int)GROUP_SUM_MAX, "a step must fit a group's sum");

struct trainer {
    const struct options *options;
    struct group *group;
    struct model model;
    struct random random;      /* in the same state on all ranks */
    unsigned order[DATA_MOST]; /* of the training digits in this epoch */
    unsigned count;            /* of them */
};

uint64_t train_settings(const struct options *options)
{
    struct random mix = { (uint64_t)options->seed };
    uint64_t rate;

    memcpy(&rate, &options->rate, sizeof(rate));
    mix.state = random_next(&mix) ^ (uint64_t)options->epochs;
    mix.state = random_next(&mix) ^ (uint64_t)options->hidden;
    mix.state = random_next(&mix) ^ rate;
    mix.state = random_next(&mix) ^ data_training_count();
    return random_next(&mix);
}

/* Fisher and Yates. */
static void shuffle(struct trainer *trainer)
{
    for (unsigned left = trainer->count; left > 1; left--) {
        unsigned other = random_below(&trainer->random, left);
        unsigned digit = trainer->order[other];

        trainer->order[other] = trainer->order[left - 1];
        trainer->order[left - 1] = digit;
    }
}

/* One step on the digits order[from .. to - 1]; adds their loss. */
static int step(struct trainer *trainer, unsigned from, unsigned to, double *loss, struct error *err)
{
    unsigned rank = (unsigned)trainer->group->rank, world = (unsigned)trainer->group->world;
    struct model *model = &trainer->model;
    float sums[SUMS_MAX] = { 0 };

    for (unsigned i = from + rank; i < to; i += world)
        sums[model->count] += model_learn(model, data_training(trainer->order[i]), sums);
    if (group_sum(trainer->group, sums, model->count + 1, err) < 0)
        return -1;
    *loss += (double)sums[model->count];
    model_step(model, sums, 1.0f / (float)(to - from), (float)trainer->options->rate);
    return 0;
}

/* Each rank reads its share of the held-out digits. */
static int measure(struct trainer *trainer, double *ret_accuracy, struct error *err)
{
    unsigned rank = (unsigned)trainer->group->rank, world = (unsigned)trainer->group->world;
    float right = 0;

    for (unsigned i = rank; i < data_held_out_count(); i += world)
        right += model_classify(&trainer->model, data_held_out(i), NULL) == data_held_out(i)->label;
    if (group_sum(trainer->group, &right, 1, err) < 0)
        return -1;
    *ret_accuracy = (double)right / data_held_out_count();
    return 0;
}

static int run_epoch(struct trainer *trainer, double *ret_loss, struct error *err)
{
    double loss = 0;

    shuffle(trainer);
    for (unsigned from = 0; from < trainer->count; from += BATCH) {
        unsigned to = from + BATCH < trainer->count ? from + BATCH : trainer->count;

        if (step(trainer, from, to, &loss, err) < 0)
            return -1;
    }
    *ret_loss = loss / trainer->count;
    return 0;
}

static int run_epochs(struct trainer *trainer, double *ret_accuracy, struct error *err)
{
    const struct options *options = trainer->options;
    const struct group *group = trainer->group;
    int64_t start = wait_now();
    double loss;

    for (long epoch = 1; epoch <= options->epochs; epoch++) {
        if (epoch == options->fail_at_epoch && group->rank == options->fail_rank)
            return error_set(err, EXIT_ASKED, "failed in epoch %ld, as --fail-at-epoch asks", epoch);
        if (run_epoch(trainer, &loss, err) < 0 || measure(trainer, ret_accuracy, err) < 0)
            return -1;
        if (group->rank == 0)
            printf("epoch %ld/%ld loss %.4f accuracy %.1f %% %d worker%s %.1f s\n",
                   epoch,
                   options->epochs,
                   loss,
                   100 * *ret_accuracy,
                   group->world,
                   group->world == 1 ? "" : "s",
                   (double)(wait_now() - start) / 1000);
        if (wait_until(wait_now() + options->pause_milliseconds, err) < 0)
            return -1;
    }
    return 0;
}

static int train_model(struct trainer *trainer, double *ret_accuracy, struct error *err)
{
    const struct options *options = trainer->options;
    struct group *group = trainer->group;
    uint64_t checksum;

    model_init(&trainer->model, (size_t)options->hidden, (uint64_t)options->seed);
    trainer->count = data_training_count();
    for (unsigned i = 0; i < trainer->count; i++)
        trainer->order[i] = i;
    if (group->rank == 0)
        printf("training %zu weights on %u digits\n", trainer->model.count, trainer->count);
    if (run_epochs(trainer, ret_accuracy, err) < 0)
        return -1;
    checksum = model_checksum(&trainer->model);
    printf("rank %d of %d: weights %016" PRIx64 "\n", group->rank, group->world, checksum);
    return group_same(group, checksum, err);
}

int train(const struct options *options, struct group *group, double *ret_accuracy, struct error *err)
{
    static struct trainer trainer; /* large */

    trainer = (struct trainer){ .options = options, .group = group, .random = { ~(uint64_t)options->seed } };
    if (train_model(&trainer, ret_accuracy, err) < 0)
        return -1;
    return group->rank == 0 && options->output ? model_save(&trainer.model, options->output, err) : 0;
}
