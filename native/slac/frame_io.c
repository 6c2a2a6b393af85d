/* Take and send frames. */
#include <errno.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "slac.h"

#define SECOND_ns 1000000000LL
/* An older frame means that the clock of its stamp was set meanwhile. */
#define AGE_MAX_ns (10 * SECOND_ns)

static int64_t nanoseconds(const struct timespec *t)
{
    return (int64_t)t->tv_sec * SECOND_ns + t->tv_nsec;
}

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return nanoseconds(&now);
}

/* The kernel stamps with the time of day, which may be set; what counts is how long ago that was. */
static int64_t received_ns(struct msghdr *message)
{
    int64_t now = clock_ns(CLOCK_MONOTONIC);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
            continue;
        struct timespec stamp;
        memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
        int64_t age = clock_ns(CLOCK_REALTIME) - nanoseconds(&stamp);
        if (age > 0 && age < AGE_MAX_ns)
            return now - age;
    }
    return now;
}

int slac_receive(int fd, struct slac_frame *frame)
{
    struct sockaddr_ll sender;
    union {
        struct cmsghdr align;
        uint8_t octets[CMSG_SPACE(sizeof(struct timespec))];
    } control;
    struct iovec data = {.iov_base = frame->octets, .iov_len = sizeof frame->octets};
    struct msghdr message = {
        .msg_name = &sender,
        .msg_namelen = sizeof sender,
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t n;
    do
        n = recvmsg(fd, &message, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    frame->length = (uint16_t)n;
    frame->received_ns = received_ns(&message);
    memcpy(frame->sender, sender.sll_addr, sizeof frame->sender);
    return 1;
}

int slac_send(int fd, const uint8_t *octets, size_t n)
{
    ssize_t sent;
    do
        sent = send(fd, octets, n, MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return 1;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? 0 : -errno;
}
