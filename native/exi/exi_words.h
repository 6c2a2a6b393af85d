/* Whole words at any address, most significant octet first. */
#ifndef FASTSECC_EXI_WORDS_H
#define FASTSECC_EXI_WORDS_H

#include <stdint.h>
#include <string.h>

static inline uint64_t exi_load_word(const uint8_t *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline void exi_store_word(uint8_t *to, uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    memcpy(to, &word, sizeof word);
}

/* Turn the first n bits of a word, below 64, over to its end. */
static inline uint64_t exi_rotate(uint64_t word, unsigned n)
{
    return word << n | word >> (-n & 63);
}

/* Bits of an event code when there are n productions and the escape. */
static inline int exi_width(unsigned n)
{
    return 32 - __builtin_clz(n);
}

#endif
