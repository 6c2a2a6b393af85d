/* A bounded queue of frames between two threads: one producer, one consumer, no locks; memory is taken at the start. */
#ifndef FASTSECC_LINK_RING_H
#define FASTSECC_LINK_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A frame on its way: to Python (`sequence` counts them), or from it (`sequence` is the last frame that it settles). */
struct record {
    uint32_t sequence;
    uint32_t n;
    uint16_t payload_type;
    uint8_t close;            /* enum link_close, only from Python */
    uint32_t min_response_ms; /* only from Python */
    uint8_t octets[];
};

struct ring {
    atomic_uint head; /* next slot to fill, the producer's */
    atomic_uint tail; /* next slot to read, the consumer's */
    unsigned slots;   /* one more than fit, so that full and empty differ */
    size_t stride;
    unsigned char *memory;
};

/* Make room for `depth` frames of at most `capacity` octets; false without memory. */
bool ring_init(struct ring *ring, unsigned depth, size_t capacity);
void ring_free(struct ring *ring);

/* Producer: the slot to fill, NULL when the queue is full; then commit it. */
struct record *ring_reserve(struct ring *ring);
void ring_commit(struct ring *ring);

/* Consumer: the oldest frame, NULL when there is none; then release it. */
const struct record *ring_peek(struct ring *ring);
void ring_release(struct ring *ring);

#endif
