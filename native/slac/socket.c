/* Make or take over a socket, and bind it to an interface. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "slac.h"

/* What lies here while Python is busy is answered late; a match needs less than fifty frames. */
#define RECEIVE_BUFFER (64 * 1024)
/* The least that the kernel allows, a handful of frames: what cannot leave soon is better not sent at all. */
#define SEND_BUFFER 1

static int look(int fd, const char *name, struct slac_interface *found)
{
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    if (ioctl(fd, SIOCGIFINDEX, &request) != 0)
        return -errno;
    found->index = request.ifr_ifindex;
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        return -errno;
    found->up = (request.ifr_flags & IFF_UP) != 0;
    if (ioctl(fd, SIOCGIFHWADDR, &request) != 0)
        return -errno;
    found->ethernet = request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
    memcpy(found->mac, request.ifr_hwaddr.sa_data, sizeof found->mac);
    return 0;
}

int slac_find(const char *name, struct slac_interface *found)
{
    if (strlen(name) >= IFNAMSIZ)
        return -ENODEV;
    int any = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0)
        return -errno;
    int result = look(any, name, found);
    close(any);
    return result;
}

int slac_socket(void)
{
    /* Protocol 0: nothing is heard before there is a filter. */
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static int option(int fd, int name)
{
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

int slac_check(int fd, int index)
{
    struct sockaddr_ll address;
    socklen_t size = sizeof address;
    if (option(fd, SO_DOMAIN) != AF_PACKET || option(fd, SO_TYPE) != SOCK_RAW)
        return -ENOTSOCK;
    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -errno;
    if (address.sll_ifindex != 0 && index != 0 && address.sll_ifindex != index)
        return -EADDRNOTAVAIL;
    if (address.sll_protocol != 0 && address.sll_protocol != htons(SLAC_ETHERTYPE))
        return -EPROTOTYPE;
    return 0;
}

static int prepare(int fd)
{
    int on = 1, receive = RECEIVE_BUFFER, send = SEND_BUFFER, flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return -errno;
    /* Without stamps (under an emulator) a frame counts from when it is taken. */
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send, sizeof send) != 0)
        return -errno;
    return 0;
}

/* Drop what was queued before the filter, or of another interface, and the error of one that went. */
static void drain(int fd)
{
    uint8_t octet;
    (void)option(fd, SO_ERROR);
    while (recv(fd, &octet, sizeof octet, MSG_DONTWAIT) >= 0)
        ;
}

int slac_listen(int fd, const struct slac_interface *interface, const uint16_t *mmtypes, size_t mmtypes_n)
{
    int result = prepare(fd);
    if (result == 0)
        result = slac_attach_filter(fd, interface->mac, mmtypes, mmtypes_n);
    if (result != 0)
        return result;
    drain(fd);
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(SLAC_ETHERTYPE),
        .sll_ifindex = interface->index,
    };
    return bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : -errno;
}
