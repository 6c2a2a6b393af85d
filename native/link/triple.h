/* A mailbox for the newest value: one writer, one reader, and neither ever waits for the other.
 *
 * Three slots, kept by the user of this file: the writer fills slot `back`, the reader reads slot `front`, the third
 * one lies in the middle. Publishing and refreshing swap a slot with the middle one, so a slot is never shared. */
#ifndef FASTSECC_LINK_TRIPLE_H
#define FASTSECC_LINK_TRIPLE_H

#include <stdatomic.h>
#include <stdbool.h>

#define TRIPLE_SLOTS 3
#define TRIPLE_INDEX 3u /* mask of the slot number in `middle` */
#define TRIPLE_NEW 4u   /* set in `middle` while its value is unread */

struct triple {
    atomic_uint middle;
    unsigned back;  /* the writer's */
    unsigned front; /* the reader's */
};

static inline void triple_init(struct triple *t)
{
    t->back = 0;
    atomic_init(&t->middle, 1u);
    t->front = 2;
}

/* Writer: hand over the slot `back`; `back` is another slot afterwards. */
static inline void triple_publish(struct triple *t)
{
    t->back = atomic_exchange_explicit(&t->middle, t->back | TRIPLE_NEW, memory_order_acq_rel) & TRIPLE_INDEX;
}

/* Reader: take the newest value into slot `front`; false when there is none newer than the one there. */
static inline bool triple_refresh(struct triple *t)
{
    if (!(atomic_load_explicit(&t->middle, memory_order_relaxed) & TRIPLE_NEW))
        return false;
    t->front = atomic_exchange_explicit(&t->middle, t->front, memory_order_acq_rel) & TRIPLE_INDEX;
    return true;
}

#endif
