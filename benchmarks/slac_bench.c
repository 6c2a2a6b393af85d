/* slac_bench: a car with its charger's modem that measures an EVSE, and the floor of what can be measured.
 *
 *   slac_bench client IFACE COUNT INTERVAL_US GAP_US KEYS
 *       COUNT matches with whoever answers on the interface. Messages of a batch follow each other by INTERVAL_US, each
 *       profile its sound by half a millisecond, matches each other by GAP_US. CM_SET_KEY.REQ is answered whenever it
 *       comes; KEYS says when it is waited for: 0 never, 1 before the first match, 2 before each.
 *       Stdout gets a line a match: nanoseconds from CM_SLAC_PARM.REQ, the tenth profile and CM_SLAC_MATCH.REQ to
 *       their answers, or `lost` and what was not answered.
 *   slac_bench echo IFACE
 *       The floor: an EVSE that blocks on its socket, looks at nothing but the MMTYPE, and counts profiles.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    ETH_P_HPAV = 0x88E1,
    PARM_REQ = 0x6064,
    PARM_CNF = 0x6065,
    START = 0x606A,
    SOUND = 0x6076,
    PROFILE = 0x6086,
    RESULT = 0x606E,
    RESULT_RSP = 0x606F,
    MATCH_REQ = 0x607C,
    MATCH_CNF = 0x607D,
    SET_KEY_REQ = 0x6008,
    SET_KEY_CNF = 0x6009,
    SOUNDS = 10,
    GROUPS = 58,
    PROFILE_US = 500,
    KEY_MS = 5000,
    MATCH_RESPONSE_MS = 200,
    RESULT_MS = 1200
};

static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t modem[6] = {0x00, 0xb0, 0x52, 0x0a, 0x0b, 0x0c};
static int fd;
static uint8_t mac[6], peer[6], run_id[8];
static uint8_t in[2048], out[2048];
static int keys_taken;

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void open_interface(const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_HPAV)};
    struct ifreq request = {0};

    fd = socket(AF_PACKET, SOCK_RAW, 0);
    if (fd < 0)
        die("socket");
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        die(name);
    memcpy(mac, request.ifr_hwaddr.sa_data, sizeof mac);
    address.sll_ifindex = (int)if_nametoindex(name);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        die("bind");
}

/* Begin a frame in `out`; the fields that are not set are zero. */
static void begin(unsigned type, const uint8_t *to, const uint8_t *from)
{
    memset(out, 0, sizeof out);
    memcpy(out, to, 6);
    memcpy(out + 6, from, 6);
    out[12] = 0x88;
    out[13] = 0xE1;
    out[14] = 1;
    out[15] = (uint8_t)(type & 0xFF);
    out[16] = (uint8_t)(type >> 8);
}

static void send_out(size_t octets)
{
    if (send(fd, out, octets, 0) < 0)
        die("send");
}

static unsigned type_in(void)
{
    return in[15] | (unsigned)in[16] << 8;
}

static void answer_key(void)
{
    uint8_t host[6];

    memcpy(host, in + 6, 6);
    begin(SET_KEY_CNF, host, modem);
    out[19] = 1;
    memcpy(out + 24, in + 20, 4);
    out[28] = 4;
    out[31] = 0xFF;
    send_out(60);
    keys_taken++;
}

/* Wait for a message until a time; give when it was there, or 0. */
static int64_t await(unsigned type, int64_t until_ns)
{
    for (;;) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        int64_t left = until_ns - now_ns();
        struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};

        if (left <= 0 || ppoll(&readable, 1, &timeout, NULL) <= 0)
            return 0;
        if (recv(fd, in, sizeof in, 0) < 19)
            continue;
        if (type_in() == type)
            return now_ns();
        if (type_in() == SET_KEY_REQ) {
            answer_key();
            if (type == SET_KEY_REQ)
                return now_ns();
        }
    }
}

static void pause_us(int64_t us)
{
    await(0, now_ns() + us * 1000);
}

static void await_key(void)
{
    int64_t until = now_ns() + (int64_t)KEY_MS * 1000000;

    while (!keys_taken)
        if (now_ns() > until) {
            fputs("nobody set a key\n", stderr);
            exit(1);
        } else {
            pause_us(1000);
        }
    keys_taken = 0;
}

static void sound(int64_t interval_us)
{
    for (int i = 0; i < 3; i++) {
        begin(START, broadcast, mac);
        out[21] = SOUNDS;
        out[22] = 6;
        out[23] = 1;
        memcpy(out + 24, mac, 6);
        memcpy(out + 30, run_id, 8);
        send_out(60);
        pause_us(interval_us);
    }
    for (int i = 0; i < SOUNDS; i++) {
        begin(SOUND, broadcast, mac);
        out[38] = (uint8_t)(SOUNDS - 1 - i);
        memcpy(out + 39, run_id, 8);
        send_out(71);
        pause_us(PROFILE_US);
        begin(PROFILE, broadcast, modem);
        memcpy(out + 19, mac, 6);
        out[25] = GROUPS;
        memset(out + 27, 12, GROUPS);
        if (i < SOUNDS - 1) {
            send_out(85);
            pause_us(interval_us - PROFILE_US);
        }
    } /* the tenth profile is ready to be sent */
}

static const char *match(int64_t interval_us, int64_t took_ns[3])
{
    const int64_t response_ns = (int64_t)MATCH_RESPONSE_MS * 1000000, result_ns = (int64_t)RESULT_MS * 1000000;
    int64_t sent, answered;

    begin(PARM_REQ, broadcast, mac);
    memcpy(out + 21, run_id, 8);
    sent = now_ns();
    send_out(60);
    if (!(answered = await(PARM_CNF, sent + response_ns)))
        return "CM_SLAC_PARM.REQ";
    took_ns[0] = answered - sent;
    memcpy(peer, in + 6, 6);
    pause_us(interval_us);
    sound(interval_us);
    sent = now_ns();
    send_out(85);
    if (!(answered = await(RESULT, sent + result_ns)))
        return "CM_MNBC_SOUND.IND";
    took_ns[1] = answered - sent;
    begin(RESULT_RSP, peer, mac);
    memcpy(out + 21, mac, 6);
    memcpy(out + 27, run_id, 8);
    send_out(70);
    pause_us(interval_us);
    begin(MATCH_REQ, peer, mac);
    out[21] = 0x3E;
    memcpy(out + 40, mac, 6);
    memcpy(out + 63, peer, 6);
    memcpy(out + 69, run_id, 8);
    sent = now_ns();
    send_out(85);
    if (!(answered = await(MATCH_CNF, sent + response_ns)))
        return "CM_SLAC_MATCH.REQ";
    took_ns[2] = answered - sent;
    return NULL;
}

static void measure(long count, int64_t interval_us, int64_t gap_us, int keys)
{
    if (keys == 1)
        await_key();
    for (long i = 0; i < count; i++) {
        int64_t took_ns[3];
        const char *lost;

        if (keys == 2)
            await_key();
        pause_us(gap_us);
        memcpy(run_id, &i, sizeof run_id);
        lost = match(interval_us, took_ns);
        if (lost != NULL)
            printf("lost %s\n", lost);
        else
            printf("%lld %lld %lld\n", (long long)took_ns[0], (long long)took_ns[1], (long long)took_ns[2]);
        fflush(stdout);
    }
}

static void answer(unsigned type, size_t octets)
{
    begin(type, in + 6, mac);
    memcpy(out + octets - 8, run_id, 8);
    send_out(octets);
}

static void echo(void)
{
    int profiles = 0;

    for (;;) {
        if (recv(fd, in, sizeof in, 0) < 19)
            die("recv");
        if (type_in() == PARM_REQ) {
            profiles = 0;
            answer(PARM_CNF, 60);
        } else if (type_in() == PROFILE && ++profiles == SOUNDS) {
            answer(RESULT, 129);
        } else if (type_in() == MATCH_REQ) {
            answer(MATCH_CNF, 109);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "echo")) {
        open_interface(argv[2]);
        echo();
    } else if (argc == 7 && !strcmp(argv[1], "client")) {
        open_interface(argv[2]);
        measure(atol(argv[3]), atoll(argv[4]), atoll(argv[5]), atoi(argv[6]));
        return 0;
    }
    fputs("slac_bench client IFACE COUNT INTERVAL_US GAP_US KEYS | slac_bench echo IFACE\n", stderr);
    return 2;
}
