/* What a ClientHello tells of the EV before anything is chosen. Octets of an EV: every read is bounds-checked. */
#ifndef FASTSECC_LINK_TLS_HELLO_H
#define FASTSECC_LINK_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLS_SHA1_OCTETS 20

/* Extension types (IANA). */
enum tls_extension {
    TLS_EXT_TRUSTED_CA_KEYS = 3,
    TLS_EXT_STATUS_REQUEST = 5,
    TLS_EXT_SUPPORTED_GROUPS = 10,
    TLS_EXT_SIGNATURE_ALGORITHMS = 13,
    TLS_EXT_STATUS_REQUEST_V2 = 17,
    TLS_EXT_SUPPORTED_VERSIONS = 43,
    TLS_EXT_CERTIFICATE_AUTHORITIES = 47,
};

struct tls_span {
    const uint8_t *octets;
    size_t n;
};

/* The lists in the extensions, without their length in front; empty where the EV sent none or a broken one. */
struct tls_hello {
    uint16_t legacy_version;
    struct tls_span versions;   /* supported_versions, 16 bits each */
    struct tls_span groups;     /* 16 bits each */
    struct tls_span signatures; /* 16 bits each */
    struct tls_span ca_keys;    /* trusted_ca_keys: TrustedAuthority each (RFC 6066) */
    struct tls_span ca_names;   /* certificate_authorities: DistinguishedName each (RFC 8446) */
};

/* A certification authority that an EV may name. */
struct tls_authority {
    struct tls_span name; /* DER */
    bool has_certificate; /* its hashes are known too */
    uint8_t key_sha1[TLS_SHA1_OCTETS];
    uint8_t certificate_sha1[TLS_SHA1_OCTETS];
};

/* Note an extension's body; one that is not looked at is ignored. */
void tls_hello_note(struct tls_hello *hello, enum tls_extension type, const uint8_t *body, size_t n);

/* Where a value stands in a list of 16-bit values, counted from 0; -1 if it is not there. */
int tls_span_find(struct tls_span list, uint16_t value);

/* The newest version the EV offers of those from `oldest` to `newest`; 0 if it offers none of them. */
uint16_t tls_hello_version(const struct tls_hello *hello, uint16_t oldest, uint16_t newest);

/* Whether the EV names this authority as one that it trusts. */
bool tls_hello_trusts(const struct tls_hello *hello, const struct tls_authority *authority);

/* Whether a trusted_ca_keys body is well-formed. */
bool tls_ca_keys_valid(const uint8_t *body, size_t n);

/* Whether a status_request_v2 body (RFC 6961) asks for the state of every certificate of the chain. */
bool tls_asks_ocsp_multi(const uint8_t *body, size_t n);

#endif
