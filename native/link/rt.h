/* Real-time manners: SCHED_FIFO where a thread answers the charge loop, and memory that is never paged in late.
 *
 * FIFO is for the armed loop alone. Before it an EV has not proved anything: whoever floods a handshake or sends rubbish
 * gets no more of the processor than anybody else, and the crypto of a handshake takes milliseconds. */
#ifndef FASTSECC_LINK_RT_H
#define FASTSECC_LINK_RT_H

#include <stdbool.h>

struct rt {
    int priority; /* of SCHED_FIFO; 0: never, or not permitted */
    bool raised;
};

/* Ready the calling thread. One that runs by another policy than the normal one keeps it: somebody chose it. */
void rt_init(struct rt *rt, int priority);

/* Put the calling thread at SCHED_FIFO, or back to normal; does nothing where it is so already. */
void rt_set(struct rt *rt, bool raised);

/* Try whether SCHED_FIFO is permitted; 0, or errno. */
int rt_try(int priority);

/* Lock all memory of the process, now and later, which also makes it resident: buffers and stacks of threads to come
 * are there before they are used. 0, or errno. */
int rt_lock_memory(void);

#endif
