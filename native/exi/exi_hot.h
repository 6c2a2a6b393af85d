/* What Cython writes is compiled for size, but for the walks that every bit of a message goes through. */
#ifndef FASTSECC_EXI_HOT_H
#define FASTSECC_EXI_HOT_H

#include <stdint.h>

#include "exi_tables_layout.h"

#if defined(__GNUC__) && !defined(__clang__)
#define EXI_HOT __attribute__((optimize("O2"), noclone))
#define EXI_INLINE __attribute__((always_inline))
#else
#define EXI_HOT
#define EXI_INLINE
#endif

struct exi_decoder;
struct exi_encoder;
struct exi_bit_writer;

static inline int exi_short_number(uint64_t word, uint64_t *value) EXI_INLINE;
static inline void exi_put(struct exi_bit_writer *w, uint64_t value, int n) EXI_INLINE;
static inline const exi_place *exi_place_of(uint8_t *base, int number) EXI_INLINE;
static inline int exi_begin(struct exi_decoder *d, int number, const exi_field *field, int64_t at) EXI_INLINE;
static inline int exi_decode_small(struct exi_decoder *d, int number, const exi_field *field, uint64_t word,
                                   int64_t at) EXI_INLINE;
static inline int exi_encode_flat(struct exi_encoder *e, struct exi_bit_writer *bits, int number, uint64_t word, int n,
                                  int taped) EXI_INLINE;
static int exi_decode_element(struct exi_decoder *d, int number) EXI_HOT;
static int exi_decode_simple(struct exi_decoder *d, int number, const exi_field *field) EXI_HOT;
static int exi_encode_element(struct exi_encoder *e, int number, uint64_t code, int width) EXI_HOT;
static int exi_encode_simple(struct exi_encoder *e, int number, const exi_field *field, uint64_t code,
                             int width) EXI_HOT;

#endif
