#pragma once
/* TrainingJob (crds/trainingjob.yaml): pods in roles that train together, from their creation to a recorded outcome. */

#include "../../operator/model/controller.h"

extern const struct controller trainingjob_controller;
