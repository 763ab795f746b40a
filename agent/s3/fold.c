#include "fold.h"

#include "../../operator/base/error.h"

#if defined(__x86_64__)

#include <immintrin.h>

/* x^n modulo the polynomial, reflected: x^0 is the highest bit. */
static uint64_t power(uint64_t polynomial, unsigned n)
{
    uint64_t state = 1ULL << 63;

    while (n--)
        state = state & 1 ? state >> 1 ^ polynomial : state >> 1;
    return state;
}

bool fold_is_possible(void)
{
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse2");
}

static __m128i load(const unsigned char *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

/* The 128 bits in hand move on by 128: each half by a product, which is one bit short when reflected. */
#define WITH_PRODUCTS __attribute__((target("pclmul,sse2")))

WITH_PRODUCTS void fold(
    uint64_t polynomial, uint64_t state, const unsigned char *bytes, size_t length, unsigned char ret[16])
{
    __m128i by = _mm_set_epi64x((int64_t)power(polynomial, 127), (int64_t)power(polynomial, 191));
    __m128i in_hand = _mm_xor_si128(load(bytes), _mm_set_epi64x(0, (int64_t)state));

    for (size_t at = 16; at < length; at += 16) {
        __m128i first = _mm_clmulepi64_si128(in_hand, by, 0x00), second = _mm_clmulepi64_si128(in_hand, by, 0x11);

        in_hand = _mm_xor_si128(_mm_xor_si128(first, second), load(bytes + at));
    }
    _mm_storeu_si128((__m128i *)(void *)ret, in_hand);
}

#else

bool fold_is_possible(void)
{
    return false;
}

void fold(uint64_t polynomial, uint64_t state, const unsigned char *bytes, size_t length, unsigned char ret[16])
{
    (void)polynomial;
    (void)state;
    (void)bytes;
    (void)length;
    (void)ret;
    BUG("this machine cannot fold");
}

#endif
