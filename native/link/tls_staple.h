/* OCSP responses in the handshake: `status_request` (RFC 6066, RFC 8446) and `status_request_v2` (RFC 6961). */
#ifndef FASTSECC_LINK_TLS_STAPLE_H
#define FASTSECC_LINK_TLS_STAPLE_H

#include "tls_profiles.h"

/* Whether this OpenSSL can answer `status_request_v2`: only one with EVerest's patch can. */
bool tls_staple_knows_v2(void);

/* Whether it can staple for every certificate of a chain in TLS 1.3 (3.6 and newer); others do for the leaf. */
bool tls_staple_knows_chain(void);

/* Give a connection what the chain has; to be called by the handshake when the EV has asked. False without anything. */
bool tls_staple(SSL *ssl, const struct tls_chain *chain);

/* As above, for a `status_request_v2` that is to be answered. */
bool tls_staple_v2(SSL *ssl, const struct tls_chain *chain);

#endif
