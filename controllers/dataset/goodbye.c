#include "dataset.h"

/* Whoever has pinned a version keeps the DataSet, until it has ended or goes itself. */
void say_goodbye(struct set *set, struct plan *out)
{
    if (set->user_count) {
        say_dataset_status(set, out);
        return;
    }
    out->keep_status = true;
    plan_confirm(out, KIND_TRAINING_JOB, NULL);
    if (set->in->confirmed)
        plan_guard(out, GUARD_OFF);
}
