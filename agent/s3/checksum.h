#pragma once
/*
 * The checksum that a server keeps of an object ("Checking object integrity", S3 user guide), computed along while the
 * object is read. Only one of the whole object counts: that of a multipart upload may be one of its parts' checksums.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct s3_checksum;

/* Finds a header of the answer by name; NULL: it has none. */
typedef const char *s3_header(void *context, const char *name);

/* Starts the strongest one that the answer names; NULL: it names none that can be checked. */
struct s3_checksum *s3_checksum_create(s3_header *header, void *context);
void s3_checksum_destroy(struct s3_checksum *checksum); /* NULL is fine */

void s3_checksum_add(struct s3_checksum *checksum, const void *bytes, size_t length);

/* Whether all that was added is what the server keeps. Once, at the end. */
bool s3_checksum_is_right(struct s3_checksum *checksum);

const char *s3_checksum_name(const struct s3_checksum *checksum); /* "CRC64NVME" */
