#include "../operator/model/controller.h"
#include "dataset/dataset.h"
#include "model/model.h"
#include "servingendpoint/servingendpoint.h"
#include "trainingjob/trainingjob.h"

const struct controller *const controllers[] = {
    &dataset_controller, &model_controller, &servingendpoint_controller, &trainingjob_controller, NULL,
};

const struct controller *controller_find(enum kind kind)
{
    for (const struct controller *const *controller = controllers; *controller; controller++)
        if ((*controller)->kind == kind)
            return *controller;
    return NULL;
}
