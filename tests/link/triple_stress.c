/* Two threads on a triple buffer: the reader never sees a torn or an older value, and sees the last one. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "triple.h"

#define WORDS 64
#define ROUNDS 300000u

static struct triple mailbox;
static unsigned slots[TRIPLE_SLOTS][WORDS];

static void *writer(void *unused)
{
    for (unsigned value = 1; value <= ROUNDS; value++) {
        for (int i = 0; i < WORDS; i++)
            slots[mailbox.back][i] = value;
        triple_publish(&mailbox);
    }
    return unused;
}

static unsigned check(unsigned last)
{
    const unsigned *slot = slots[mailbox.front];
    for (int i = 1; i < WORDS; i++)
        if (slot[i] != slot[0]) {
            printf("torn: %u and %u\n", slot[0], slot[i]);
            exit(1);
        }
    if (slot[0] <= last) {
        printf("old: %u after %u\n", slot[0], last);
        exit(1);
    }
    return slot[0];
}

int main(void)
{
    pthread_t thread;
    unsigned last = 0, seen = 0;
    triple_init(&mailbox);
    if (triple_refresh(&mailbox) || pthread_create(&thread, NULL, writer, NULL) != 0)
        return 2;
    while (last != ROUNDS)
        if (triple_refresh(&mailbox)) {
            last = check(last);
            seen++;
        }
    pthread_join(thread, NULL);
    printf("%u of %u values seen\n", seen, ROUNDS);
    return triple_refresh(&mailbox) ? 3 : 0;
}
