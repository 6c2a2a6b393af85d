#include "transport.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int failure(enum transport_result again)
{
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return again;
    if (errno == ECONNRESET || errno == EPIPE)
        return TRANSPORT_RESET;
    return TRANSPORT_ERROR;
}

int transport_prepare(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -1;
    /* A socket that is not TCP refuses it, and does not need it either. */
    int on = 1;
    return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 && errno == ENOTSOCK ? -1 : 0;
}

static int plain_open(struct transport *t)
{
    return transport_prepare(t->fd) < 0 ? TRANSPORT_ERROR : 1;
}

static ssize_t plain_recv(struct transport *t, uint8_t *octets, size_t n)
{
    ssize_t got = recv(t->fd, octets, n, 0);
    return got >= 0 ? got : failure(TRANSPORT_WANT_READ);
}

static ssize_t plain_send(struct transport *t, const uint8_t *octets, size_t n)
{
    ssize_t sent = send(t->fd, octets, n, MSG_NOSIGNAL);
    return sent >= 0 ? sent : failure(TRANSPORT_WANT_WRITE);
}

static bool plain_pending(const struct transport *t)
{
    (void)t;
    return false;
}

static int plain_shutdown(struct transport *t)
{
    if (shutdown(t->fd, SHUT_WR) == 0 || errno == ENOTCONN)
        return 0;
    return TRANSPORT_ERROR;
}

static void plain_close(struct transport *t)
{
    close(t->fd);
    free(t);
}

static const struct transport_ops plain_ops = {
    .open = plain_open,
    .recv = plain_recv,
    .send = plain_send,
    .pending = plain_pending,
    .shutdown = plain_shutdown,
    .close = plain_close,
};

struct transport *transport_plain(int fd)
{
    struct transport *t = malloc(sizeof *t);
    if (t != NULL)
        *t = (struct transport){.ops = &plain_ops, .fd = fd};
    return t;
}
