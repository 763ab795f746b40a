#pragma once
/* What keeps a pod from running, in our words: reasons of the kubelet's and the scheduler's. */

struct wait_cause {
    const char *reason; /* as they write it */
    const char *name;   /* for conditions: one for reasons that alternate */
    const char *what;   /* behind "the pod" */
    const char *advice; /* NULL: correct the template, which not every kind can */
};

/* NULL: none that a person can do something about. */
const struct wait_cause *wait_cause_find(const char *reason);
