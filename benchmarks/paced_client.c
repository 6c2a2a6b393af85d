/* paced_client: measure an SECC and its floor side by side, from the intended send times.
 *
 *   paced_client [OPTIONS] measure FD[:RELAY]...
 *       One thread a connection. First, where a RELAY is given: frames read from it are asked over FD, the answers
 *       written back, until it is closed; whoever holds its other end can so take a session to its charge loop. Then
 *       stdin gives one V2GTP request a connection, followed by lines "COUNT INTERVAL_US". Each line is a run: every
 *       connection sends its request COUNT times, one each INTERVAL_US, the connections evenly spread in time. Stdout
 *       gets COUNT int64 nanoseconds for each connection, from the intended send time to the answer, so that an answer
 *       that delays the next request is seen in both (coordinated omission). Interval 0: back to back.
 *   paced_client [OPTIONS] echo FD < response
 *       The floor: answers each frame with `response` until the peer closes.
 *
 *   --fifo PRIORITY    run at SCHED_FIFO if permitted        --cpu N          run on one processor
 *   --tls 12|13        both ends speak TLS                   --chain FILE, --key FILE    what `echo` shows (PEM)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_TLS
#include <openssl/ssl.h>
#endif

enum { HEADER = 8, CAPACITY = 65536, MAX_CONNECTIONS = 256 };

struct connection {
    int fd;
    int relay;
    void *tls;
    size_t n; /* octets of the request */
    uint8_t *request;
    long index;
    pthread_t thread;
    int64_t *times;
    int failed;
};

static struct {
    int fifo, cpu, tls;
    const char *chain, *key;
} options = {0, -1, 0, NULL, NULL};
static struct connection connections[MAX_CONNECTIONS];
static long connections_n;

/* Of the run under way. */
static int64_t start_ns, interval_ns;
static long run_count;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t at_ns)
{
    struct timespec t = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

/* Without permission the thread stays as it is. */
static void take_priority(void)
{
    struct sched_param param = {.sched_priority = options.fifo};
    cpu_set_t set;
    CPU_ZERO(&set);
    if (options.cpu >= 0) {
        CPU_SET(options.cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    if (options.fifo > 0)
        sched_setscheduler(0, SCHED_FIFO, &param);
}

#ifdef WITH_TLS
static void *open_tls(int fd, int server)
{
    SSL_CTX *context = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    int version = options.tls == 12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-SHA256");
    SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
    SSL_CTX_set_num_tickets(context, 0);
    if (server && (SSL_CTX_use_certificate_chain_file(context, options.chain) != 1 ||
                   SSL_CTX_use_PrivateKey_file(context, options.key, SSL_FILETYPE_PEM) != 1))
        return NULL;
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    return (server ? SSL_accept(ssl) : SSL_connect(ssl)) == 1 ? ssl : NULL;
}

static ssize_t tls_read(void *tls, uint8_t *to, size_t n)
{
    return SSL_read(tls, to, (int)n);
}

static ssize_t tls_write(void *tls, const uint8_t *from, size_t n)
{
    return SSL_write(tls, from, (int)n);
}
#else
static void *open_tls(int fd, int server)
{
    (void)fd, (void)server;
    return NULL;
}

static ssize_t tls_read(void *tls, uint8_t *to, size_t n)
{
    (void)tls, (void)to, (void)n;
    return -1;
}

static ssize_t tls_write(void *tls, const uint8_t *from, size_t n)
{
    (void)tls, (void)from, (void)n;
    return -1;
}
#endif

/* Read one frame, with one call of the system if it comes in one piece; its octets, or -1. */
static ssize_t read_frame(int fd, void *tls, uint8_t *frame)
{
    size_t have = 0, wanted = HEADER;
    while (have < wanted) {
        const ssize_t got = tls ? tls_read(tls, frame + have, CAPACITY - have) : read(fd, frame + have, CAPACITY - have);
        if (got <= 0)
            return -1;
        have += (size_t)got;
        if (have >= HEADER)
            wanted = HEADER + ((size_t)frame[4] << 24 | (size_t)frame[5] << 16 | (size_t)frame[6] << 8 | frame[7]);
        if (wanted > CAPACITY || have > wanted)
            return -1;
    }
    return (ssize_t)have;
}

static int write_frame(int fd, void *tls, const uint8_t *frame, size_t n)
{
    return (tls ? tls_write(tls, frame, n) : write(fd, frame, n)) == (ssize_t)n ? 0 : -1;
}

static int relay(struct connection *c)
{
    static uint8_t frame[CAPACITY];
    ssize_t n;
    while ((n = read_frame(c->relay, NULL, frame)) > 0)
        if (write_frame(c->fd, c->tls, frame, (size_t)n) != 0 || (n = read_frame(c->fd, c->tls, frame)) <= 0 ||
            write_frame(c->relay, NULL, frame, (size_t)n) != 0)
            return -1;
    close(c->relay);
    return 0;
}

static void *measure(void *argument)
{
    struct connection *c = argument;
    uint8_t *answer = malloc(CAPACITY);
    int64_t intended = start_ns + interval_ns * c->index / connections_n;
    take_priority();
    for (long i = 0; i < run_count && !c->failed; i++) {
        if (interval_ns > 0)
            sleep_until(intended);
        else
            intended = now_ns();
        c->failed = write_frame(c->fd, c->tls, c->request, c->n) != 0 || read_frame(c->fd, c->tls, answer) <= 0;
        c->times[i] = now_ns() - intended;
        intended += interval_ns;
    }
    free(answer);
    return NULL;
}

static int run(long count, int64_t interval_us)
{
    run_count = count;
    interval_ns = interval_us * 1000;
    start_ns = now_ns() + 20 * 1000000;
    for (long i = 0; i < connections_n; i++) {
        connections[i].times = calloc((size_t)count, sizeof(int64_t));
        if (connections[i].times == NULL || pthread_create(&connections[i].thread, NULL, measure, &connections[i]) != 0)
            return 1;
    }
    for (long i = 0; i < connections_n; i++) {
        pthread_join(connections[i].thread, NULL);
        if (connections[i].failed) {
            fprintf(stderr, "paced_client: connection %ld has ended\n", i);
            return 1;
        }
        fwrite(connections[i].times, sizeof(int64_t), (size_t)count, stdout);
        free(connections[i].times);
    }
    return fflush(stdout);
}

static int read_request(struct connection *c)
{
    uint8_t header[HEADER];
    if (fread(header, 1, HEADER, stdin) != HEADER)
        return -1;
    c->n = HEADER + ((size_t)header[4] << 24 | (size_t)header[5] << 16 | (size_t)header[6] << 8 | header[7]);
    if (c->n > CAPACITY || (c->request = malloc(c->n)) == NULL)
        return -1;
    memcpy(c->request, header, HEADER);
    return fread(c->request + HEADER, 1, c->n - HEADER, stdin) == c->n - HEADER ? 0 : -1;
}

static int measure_all(void)
{
    long count;
    long long interval_us;
    for (long i = 0; i < connections_n; i++) {
        struct connection *c = &connections[i];
        if (options.tls && (c->tls = open_tls(c->fd, 0)) == NULL) {
            fprintf(stderr, "paced_client: no TLS on connection %ld\n", i);
            return 1;
        }
        if (c->relay >= 0 && relay(c) != 0) {
            fprintf(stderr, "paced_client: connection %ld has ended before its charge loop\n", i);
            return 1;
        }
    }
    for (long i = 0; i < connections_n; i++)
        if (read_request(&connections[i]) != 0)
            return 1;
    while (scanf("%ld %lld", &count, &interval_us) == 2)
        if (run(count, interval_us) != 0)
            return 1;
    return 0;
}

static int echo(int fd)
{
    static uint8_t response[CAPACITY], frame[CAPACITY];
    const size_t n = fread(response, 1, sizeof response, stdin);
    void *tls = options.tls ? open_tls(fd, 1) : NULL;
    if (options.tls && tls == NULL)
        return 1;
    take_priority();
    while (read_frame(fd, tls, frame) > 0)
        if (write_frame(fd, tls, response, n) != 0)
            return 1;
    return 0;
}

static int take_option(const char *name, const char *value)
{
    if (strcmp(name, "--fifo") == 0)
        options.fifo = atoi(value);
    else if (strcmp(name, "--cpu") == 0)
        options.cpu = atoi(value);
    else if (strcmp(name, "--tls") == 0)
        options.tls = atoi(value);
    else if (strcmp(name, "--chain") == 0)
        options.chain = value;
    else if (strcmp(name, "--key") == 0)
        options.key = value;
    else
        return -1;
    return 0;
}

int main(int argc, char **argv)
{
    int at = 1;
    while (at + 1 < argc && strncmp(argv[at], "--", 2) == 0 && take_option(argv[at], argv[at + 1]) == 0)
        at += 2;
    if (at + 2 == argc && strcmp(argv[at], "echo") == 0)
        return echo(atoi(argv[at + 1]));
    if (at + 1 < argc && argc - at <= MAX_CONNECTIONS && strcmp(argv[at], "measure") == 0) {
        while (++at < argc) {
            const char *colon = strchr(argv[at], ':');
            connections[connections_n] =
                (struct connection){.fd = atoi(argv[at]), .relay = colon ? atoi(colon + 1) : -1, .index = connections_n};
            connections_n++;
        }
        return measure_all();
    }
    fprintf(stderr, "usage: paced_client [--fifo PRIORITY] [--cpu N] [--tls 12|13] [--chain FILE --key FILE] "
                    "measure FD[:RELAY]... | echo FD\n");
    return 2;
}
