/* Two threads on a ring: every frame arrives once, whole and in order, and a full ring refuses. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "ring.h"

#define FRAMES 200000u
#define DEPTH 8u
#define CAPACITY 61u /* no multiple of any alignment */

static struct ring ring;

static void *producer(void *unused)
{
    for (uint32_t i = 0; i < FRAMES; i++) {
        struct record *record;
        while ((record = ring_reserve(&ring)) == NULL)
            sched_yield();
        record->sequence = i;
        record->n = i % (CAPACITY + 1);
        memset(record->octets, (int)(i & 0xFF), record->n);
        ring_commit(&ring);
    }
    return unused;
}

static int wrong(const struct record *record, uint32_t i)
{
    if (record->sequence != i || record->n != i % (CAPACITY + 1))
        return 1;
    for (uint32_t k = 0; k < record->n; k++)
        if (record->octets[k] != (i & 0xFF))
            return 1;
    return 0;
}

static int holds_exactly_its_depth(void)
{
    for (unsigned i = 0; i < DEPTH; i++) {
        if (ring_reserve(&ring) == NULL)
            return 0;
        ring_commit(&ring);
    }
    if (ring_reserve(&ring) != NULL)
        return 0;
    for (unsigned i = 0; i < DEPTH; i++)
        ring_release(&ring);
    return ring_peek(&ring) == NULL;
}

int main(void)
{
    pthread_t thread;
    if (!ring_init(&ring, DEPTH, CAPACITY) || !holds_exactly_its_depth())
        return 2;
    if (pthread_create(&thread, NULL, producer, NULL) != 0)
        return 3;
    for (uint32_t i = 0; i < FRAMES;) {
        const struct record *record = ring_peek(&ring);
        if (record == NULL) {
            sched_yield();
            continue;
        }
        if (wrong(record, i)) {
            printf("frame %u is wrong\n", i);
            return 1;
        }
        ring_release(&ring);
        i++;
    }
    pthread_join(thread, NULL);
    ring_free(&ring);
    return 0;
}
