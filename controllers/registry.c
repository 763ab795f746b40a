#include "../operator/model/controller.h"
#include "trainingjob/trainingjob.h"

const struct controller *const controllers[] = {
    &trainingjob_controller,
    NULL,
};
