#include "ring.h"

#include <stdlib.h>

#define ALIGNMENT _Alignof(max_align_t)

bool ring_init(struct ring *ring, unsigned depth, size_t capacity)
{
    atomic_init(&ring->head, 0u);
    atomic_init(&ring->tail, 0u);
    ring->slots = depth + 1;
    ring->stride = (sizeof(struct record) + capacity + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ring->memory = calloc(ring->slots, ring->stride);
    return ring->memory != NULL;
}

void ring_free(struct ring *ring)
{
    free(ring->memory);
    ring->memory = NULL;
}

static struct record *slot(const struct ring *ring, unsigned index)
{
    return (struct record *)(void *)(ring->memory + index * ring->stride);
}

static unsigned after(const struct ring *ring, unsigned index)
{
    return index + 1 == ring->slots ? 0 : index + 1;
}

struct record *ring_reserve(struct ring *ring)
{
    unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (after(ring, head) == atomic_load_explicit(&ring->tail, memory_order_acquire))
        return NULL;
    return slot(ring, head);
}

void ring_commit(struct ring *ring)
{
    unsigned head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    atomic_store_explicit(&ring->head, after(ring, head), memory_order_release);
}

const struct record *ring_peek(struct ring *ring)
{
    unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail == atomic_load_explicit(&ring->head, memory_order_acquire))
        return NULL;
    return slot(ring, tail);
}

void ring_release(struct ring *ring)
{
    unsigned tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    atomic_store_explicit(&ring->tail, after(ring, tail), memory_order_release);
}
