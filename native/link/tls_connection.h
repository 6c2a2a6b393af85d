/* A TLS connection: what the transport and the callbacks of its handshake share. One thread's alone. */
#ifndef FASTSECC_LINK_TLS_CONNECTION_H
#define FASTSECC_LINK_TLS_CONNECTION_H

#include "tls_profiles.h"
#include "transport.h"

struct tls_connection {
    struct transport base; /* the first member */
    struct tls_profiles *profiles;
    const struct tls_chain *chain; /* NULL until the ClientHello has been read */
    SSL *ssl;                      /* NULL until the first step of the handshake */
    bool wants_v2;                 /* `status_request_v2` will be answered */
    bool opened;                   /* the handshake is done */
    bool broken;                   /* nothing may be said any more */
    char failure[TRANSPORT_FAILURE_OCTETS];
};

static inline struct tls_connection *tls_connection_of(const SSL *ssl)
{
    return SSL_get_app_data(ssl);
}

#endif
