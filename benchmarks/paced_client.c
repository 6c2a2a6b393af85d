/* paced_client: send one V2GTP request at a fixed pace over a connected socket and time every answer.
 *
 *   paced_client FD COUNT INTERVAL_US < request      measures; writes COUNT pairs of int64 nanoseconds to stdout:
 *                                                     from the intended send time, and from the real one
 *   paced_client --echo FD < response                 the floor: answers each frame with `response` until the peer closes
 *
 * Times count from when a request was meant to leave, so that an answer that delays the next request is seen in both
 * (coordinated omission). INTERVAL_US 0 sends the next request as soon as the answer is there.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 8, CAPACITY = 65536 };

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t at_ns) {
    struct timespec t = {.tv_sec = at_ns / 1000000000, .tv_nsec = at_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) { }
}

static int read_exactly(int fd, uint8_t *to, size_t n) {
    while (n > 0) {
        const ssize_t got = read(fd, to, n);
        if (got <= 0) {
            return -1;
        }
        to += got;
        n -= (size_t)got;
    }
    return 0;
}

static int read_frame(int fd, uint8_t *frame) {
    if (read_exactly(fd, frame, HEADER) != 0) {
        return -1;
    }
    const size_t n = (size_t)frame[4] << 24 | (size_t)frame[5] << 16 | (size_t)frame[6] << 8 | frame[7];
    if (n > CAPACITY - HEADER) {
        return -1;
    }
    return read_exactly(fd, frame + HEADER, n);
}

static int measure(int fd, long count, int64_t interval_ns, const uint8_t *request, size_t n) {
    static uint8_t answer[CAPACITY];
    int64_t *times = calloc((size_t)count * 2, sizeof *times);
    if (times == NULL) {
        return 1;
    }
    int64_t intended = now_ns();
    for (long i = 0; i < count; i++) {
        if (interval_ns > 0) {
            sleep_until(intended);
        } else {
            intended = now_ns();
        }
        const int64_t sent = now_ns();
        if (write(fd, request, n) != (ssize_t)n || read_frame(fd, answer) != 0) {
            fprintf(stderr, "paced_client: connection ended after %ld answers\n", i);
            return 1;
        }
        const int64_t done = now_ns();
        times[2 * i] = done - intended;
        times[2 * i + 1] = done - sent;
        intended += interval_ns;
    }
    const int complete = fwrite(times, 2 * sizeof *times, (size_t)count, stdout) == (size_t)count;
    free(times);
    return complete ? 0 : 1;
}

static int echo(int fd, const uint8_t *response, size_t n) {
    static uint8_t frame[CAPACITY];
    while (read_frame(fd, frame) == 0) {
        if (write(fd, response, n) != (ssize_t)n) {
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv) {
    static uint8_t message[CAPACITY];
    const size_t n = fread(message, 1, sizeof message, stdin);
    if (argc == 3 && strcmp(argv[1], "--echo") == 0) {
        return echo(atoi(argv[2]), message, n);
    }
    if (argc == 4) {
        return measure(atoi(argv[1]), atol(argv[2]), atoll(argv[3]) * 1000, message, n);
    }
    fprintf(stderr, "usage: paced_client FD COUNT INTERVAL_US < request | paced_client --echo FD < response\n");
    return 2;
}
