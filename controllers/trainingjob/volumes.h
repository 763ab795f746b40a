#pragma once
/* Volumes that a pod has beside those of its template. */

#include "../../operator/base/jb.h"

/*
 * Adds a volume with this source ("secret", "persistentVolumeClaim") and mounts it, or with sub_path a folder or file
 * of it, at path in all containers. A volume of that name in the template, and whatever a container mounts at that
 * path, stay as they are. Takes the source.
 */
void add_volume(json_t *pod_spec,
                const char *name,
                const char *type,
                json_t *take_source,
                const char *path,
                const char *sub_path,
                bool read_only);
