/* What the link thread needs of a connection, whether plain TCP or TLS. Every call is non-blocking. */
#ifndef FASTSECC_LINK_TRANSPORT_H
#define FASTSECC_LINK_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TRANSPORT_FAILURE_OCTETS 128

/* What `recv` and `send` return instead of a number of octets. */
enum transport_result {
    TRANSPORT_FIN = 0,         /* the EV has closed its side (`recv` only) */
    TRANSPORT_WANT_READ = -1,  /* call again when the socket is readable */
    TRANSPORT_WANT_WRITE = -2, /* call again when the socket is writable */
    TRANSPORT_RESET = -3,      /* the EV has reset the connection */
    TRANSPORT_ERROR = -4,      /* the socket's error; errno says which */
    TRANSPORT_TLS = -5,        /* TLS has failed; `failure` says why */
};

/* What a TLS handshake came to. */
struct handshake {
    char version[16];
    char cipher[40];
    char group[32];
    char chain[128];             /* label of the one that was served */
    uint8_t *client_certificate; /* DER, to be freed; NULL if the EV has shown none */
    size_t client_certificate_n;
};

struct transport;

struct transport_ops {
    int (*open)(struct transport *t); /* one step of the set-up: 1 when done, else a transport_result */
    void (*handshake)(const struct transport *t, struct handshake *out); /* what `open` came to; NULL without TLS */
    ssize_t (*recv)(struct transport *t, uint8_t *octets, size_t n);
    ssize_t (*send)(struct transport *t, const uint8_t *octets, size_t n);
    bool (*pending)(const struct transport *t); /* octets can be received though the socket may not be readable */
    int (*shutdown)(struct transport *t);       /* say that we send no more: 0 when done, else a transport_result */
    const char *(*failure)(const struct transport *t); /* why TLS failed; NULL without TLS */
    void (*close)(struct transport *t);                /* close the socket and free the transport */
};

/* The first member of every transport. */
struct transport {
    const struct transport_ops *ops;
    int fd;
};

static inline void transport_close(struct transport *t)
{
    t->ops->close(t);
}

/* Make a socket non-blocking and unwilling to wait for more to send; -1 with errno if it is none. */
int transport_prepare(int fd);

/* A plain TCP connection over an accepted socket, which it owns from here on; NULL without memory. */
struct transport *transport_plain(int fd);

#endif
