#pragma once
/*
 * Long runs of bytes for a reflected CRC of 64 bits, 16 at a time, where the machine can multiply without carry ("Fast
 * CRC Computation for Generic Polynomials Using PCLMULQDQ", Intel, 2009). A table takes as long as SHA-256 does.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool fold_is_possible(void);

/*
 * From a state of the CRC and length bytes, a multiple of 16 and not 0, to 16 bytes that lead from a state of 0 to the
 * same state as they do.
 */
void fold(uint64_t polynomial, uint64_t state, const unsigned char *bytes, size_t length, unsigned char ret[16]);
