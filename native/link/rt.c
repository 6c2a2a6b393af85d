#include "rt.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

static int set_policy(int policy, int priority)
{
    struct sched_param param = {.sched_priority = priority};
    return sched_setscheduler(0, policy, &param) == 0 ? 0 : errno;
}

void rt_init(struct rt *rt, int priority)
{
    rt->priority = sched_getscheduler(0) == SCHED_OTHER ? priority : 0;
    rt->raised = false;
}

void rt_set(struct rt *rt, bool raised)
{
    if (rt->raised == raised || rt->priority == 0)
        return;
    if ((raised ? set_policy(SCHED_FIFO, rt->priority) : set_policy(SCHED_OTHER, 0)) == 0)
        rt->raised = raised;
    else
        rt->priority = 0;
}

int rt_try(int priority)
{
    struct rt rt;
    rt_init(&rt, priority);
    if (rt.priority == 0)
        return 0;
    int error = set_policy(SCHED_FIFO, priority);
    return error == 0 ? set_policy(SCHED_OTHER, 0) : error;
}

int rt_lock_memory(void)
{
    return mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ? 0 : errno;
}
