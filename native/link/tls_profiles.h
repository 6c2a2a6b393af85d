/* What TLS connections are made with: the charger's certificate chains, whom it trusts, and which is used for whom.
 *
 * A set of profiles is built once and never changes; connections hold it by reference, so that new files mean a new set
 * and a session under way keeps its own. Functions that can fail return false and say why in a `struct tls_error`. */
#ifndef FASTSECC_LINK_TLS_PROFILES_H
#define FASTSECC_LINK_TLS_PROFILES_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "tls_hello.h"

#define TLS_LABEL_OCTETS 128
#define TLS_MAX_CHAINS 16

struct tls_error {
    char text[512]; /* file and reason */
};

/* The key of a leaf, and with it the profile of ISO 15118 that it serves. */
enum tls_leaf {
    TLS_LEAF_P256,  /* ISO 15118-2 with TLS 1.2; TLS 1.3 for those who can do no better */
    TLS_LEAF_P521,  /* ISO 15118-20 */
    TLS_LEAF_ED448, /* ISO 15118-20 */
};

/* Of whom a certificate is demanded. */
enum tls_client_certificate {
    TLS_CLIENT_NEVER,
    TLS_CLIENT_TLS13,
    TLS_CLIENT_ALWAYS,
};

/* An OCSP response for one certificate of a chain; without octets if there is none. */
struct tls_staple {
    uint8_t *octets;
    size_t n;
};

struct tls_chain {
    char label[TLS_LABEL_OCTETS];
    enum tls_leaf leaf;
    SSL_CTX *context;
    X509 *certificate;
    STACK_OF(X509) * issuers;          /* sent after the leaf */
    struct tls_authority *authorities; /* those who vouch for the leaf */
    size_t authorities_n;
    struct tls_staple *staples; /* the leaf's, then the issuers' */
    size_t staples_n;
};

struct tls_profiles {
    atomic_uint owners;
    uint16_t oldest, newest; /* protocol versions, as on the wire */
    enum tls_client_certificate client_certificate;
    X509_STORE *anchors; /* of client certificates */
    int keylog_fd;       /* -1: none */
    size_t chains_n;
    struct tls_chain chains[TLS_MAX_CHAINS];
};

/* Begin a set without chains; NULL without memory. */
struct tls_profiles *tls_profiles_new(uint16_t oldest, uint16_t newest, enum tls_client_certificate client_certificate);

void tls_profiles_ref(struct tls_profiles *profiles);
void tls_profiles_unref(struct tls_profiles *profiles);

/* Append the key log (NSS format) to a file. */
bool tls_profiles_log_keys(struct tls_profiles *profiles, const char *file, struct tls_error *error);

/* Trust the certificates of a PEM file as roots of client certificates. */
bool tls_profiles_trust(struct tls_profiles *profiles, const char *file, struct tls_error *error);

/* Begin a chain; what is added from then on belongs to it. */
bool tls_profiles_begin_chain(struct tls_profiles *profiles, const char *label, struct tls_error *error);

/* Certificates in PEM: the leaf, then its issuers. Several files follow one another. */
bool tls_chain_certificates(struct tls_profiles *profiles, const char *file, struct tls_error *error);

/* The root or roots of the chain (PEM), which an EV may name; they are not sent. */
bool tls_chain_roots(struct tls_profiles *profiles, const char *file, struct tls_error *error);

/* The OCSP response of the next certificate (DER), NULL if there is none. */
bool tls_chain_staple(struct tls_profiles *profiles, const uint8_t *octets, size_t n, struct tls_error *error);

/* The leaf's private key (PEM), which ends the chain; `password` may be NULL. */
bool tls_chain_key(struct tls_profiles *profiles, const char *file, const char *password, struct tls_error *error);

/* The chain for an EV that says this, in a connection of this version; NULL if there is none it could check. */
const struct tls_chain *tls_choose(const struct tls_profiles *profiles, const struct tls_hello *hello,
                                   uint16_t version);

/* Say why the last call of OpenSSL failed, and forget it. */
void tls_reason(char *text, size_t n, const char *otherwise);

#endif
