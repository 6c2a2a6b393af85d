/* The classic BPF program: what nobody takes never wakes the process. */
#include <errno.h>
#include <linux/filter.h>
#include <sys/socket.h>

#include "slac.h"

/* Offsets in the frame. */
enum { DESTINATION = 0, DESTINATION_END = 4, ETHERTYPE = 12, MMTYPE = 15 };

/* Places in the program; behind the types follow DROP and TAKE. */
enum { TO_ALL = 6, TYPE = 9, TYPES = 10 };

struct program {
    struct sock_filter code[TYPES + SLAC_MMTYPES_MAX + 2];
    size_t n;
};

static void load(struct program *p, uint16_t size, uint32_t offset)
{
    p->code[p->n++] = (struct sock_filter)BPF_STMT((uint16_t)(BPF_LD | BPF_ABS | size), offset);
}

/* Go to one of two places, which must both lie ahead. */
static void branch(struct program *p, uint32_t value, size_t equal, size_t other)
{
    uint8_t skip = (uint8_t)(equal - p->n - 1), skip_other = (uint8_t)(other - p->n - 1);
    p->code[p->n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, skip, skip_other);
}

static void finish(struct program *p, uint32_t octets)
{
    p->code[p->n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, octets);
}

/* BPF loads big-endian; an MMTYPE is little-endian. */
static uint32_t swapped(uint16_t mmtype)
{
    return (uint32_t)((mmtype & 0xFF) << 8 | mmtype >> 8);
}

int slac_attach_filter(int fd, const uint8_t mac[6], const uint16_t *mmtypes, size_t mmtypes_n)
{
    if (mmtypes_n == 0 || mmtypes_n > SLAC_MMTYPES_MAX)
        return -EINVAL;
    struct program p = {.n = 0};
    size_t drop = TYPES + mmtypes_n, take = drop + 1;
    uint32_t mac_begin = (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3];
    uint32_t mac_end = (uint32_t)mac[4] << 8 | mac[5];

    load(&p, BPF_H, ETHERTYPE);
    branch(&p, SLAC_ETHERTYPE, p.n + 1, drop);
    load(&p, BPF_W, DESTINATION);
    branch(&p, mac_begin, p.n + 1, TO_ALL);
    load(&p, BPF_H, DESTINATION_END);
    branch(&p, mac_end, TYPE, drop);
    branch(&p, 0xFFFFFFFF, p.n + 1, drop); /* TO_ALL */
    load(&p, BPF_H, DESTINATION_END);
    branch(&p, 0xFFFF, TYPE, drop);
    load(&p, BPF_H, MMTYPE); /* TYPE */
    for (size_t i = 0; i < mmtypes_n; i++) /* TYPES */
        branch(&p, swapped(mmtypes[i]), take, p.n + 1);
    finish(&p, 0);
    finish(&p, UINT32_MAX);

    struct sock_fprog attached = {.len = (unsigned short)p.n, .filter = p.code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &attached, sizeof attached) == 0 ? 0 : -errno;
}
