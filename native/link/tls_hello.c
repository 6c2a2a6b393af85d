#include "tls_hello.h"

#include <string.h>

/* TrustedAuthority.identifier_type (RFC 6066, 6). */
enum { PRE_AGREED = 0, KEY_SHA1_HASH = 1, X509_NAME = 2, CERT_SHA1_HASH = 3 };

#define STATUS_OCSP_MULTI 2

static uint16_t u16(const uint8_t *octets)
{
    return (uint16_t)(octets[0] << 8 | octets[1]);
}

/* Take the first `n` octets off a span. */
static bool take(struct tls_span *from, size_t n, struct tls_span *out)
{
    if (from->n < n)
        return false;
    *out = (struct tls_span){from->octets, n};
    from->octets += n;
    from->n -= n;
    return true;
}

/* Take a vector off a span: a length of `width` octets (1 or 2), then as many octets. */
static bool take_vector(struct tls_span *from, size_t width, struct tls_span *out)
{
    struct tls_span length;
    if (!take(from, width, &length))
        return false;
    return take(from, width == 1 ? length.octets[0] : u16(length.octets), out);
}

/* A body that is one vector and nothing else; an empty span for any other. */
static struct tls_span only_vector(const uint8_t *body, size_t n, size_t width)
{
    struct tls_span rest = {body, n}, list;
    if (!take_vector(&rest, width, &list) || rest.n != 0)
        return (struct tls_span){NULL, 0};
    return list;
}

static struct tls_span list_of_u16(const uint8_t *body, size_t n, size_t width)
{
    struct tls_span list = only_vector(body, n, width);
    return list.n % 2 == 0 ? list : (struct tls_span){NULL, 0};
}

void tls_hello_note(struct tls_hello *hello, enum tls_extension type, const uint8_t *body, size_t n)
{
    switch (type) {
    case TLS_EXT_SUPPORTED_VERSIONS:
        hello->versions = list_of_u16(body, n, 1);
        break;
    case TLS_EXT_SUPPORTED_GROUPS:
        hello->groups = list_of_u16(body, n, 2);
        break;
    case TLS_EXT_SIGNATURE_ALGORITHMS:
        hello->signatures = list_of_u16(body, n, 2);
        break;
    case TLS_EXT_TRUSTED_CA_KEYS:
        hello->ca_keys = only_vector(body, n, 2);
        break;
    case TLS_EXT_CERTIFICATE_AUTHORITIES:
        hello->ca_names = only_vector(body, n, 2);
        break;
    default:
        break;
    }
}

int tls_span_find(struct tls_span list, uint16_t value)
{
    for (size_t at = 0; at + 2 <= list.n; at += 2)
        if (u16(list.octets + at) == value)
            return (int)(at / 2);
    return -1;
}

uint16_t tls_hello_version(const struct tls_hello *hello, uint16_t oldest, uint16_t newest)
{
    /* Without supported_versions, the EV means every version up to the one it names, and that is 1.2 at the most. */
    uint16_t named = hello->legacy_version < 0x0303 ? hello->legacy_version : 0x0303;
    for (uint16_t version = newest; version >= oldest; version--) {
        bool offered = hello->versions.n ? tls_span_find(hello->versions, version) >= 0 : version <= named;
        if (offered)
            return version;
    }
    return 0;
}

/* Take one TrustedAuthority off a list. */
static bool take_authority(struct tls_span *list, uint8_t *type, struct tls_span *identifier)
{
    struct tls_span octet;
    if (!take(list, 1, &octet))
        return false;
    *type = octet.octets[0];
    switch (*type) {
    case PRE_AGREED:
        return take(list, 0, identifier);
    case KEY_SHA1_HASH:
    case CERT_SHA1_HASH:
        return take(list, TLS_SHA1_OCTETS, identifier);
    case X509_NAME:
        return take_vector(list, 2, identifier);
    default:
        return false;
    }
}

static bool equal(struct tls_span a, const uint8_t *octets, size_t n)
{
    return a.n == n && n != 0 && memcmp(a.octets, octets, n) == 0;
}

static bool is_authority(uint8_t type, struct tls_span identifier, const struct tls_authority *authority)
{
    switch (type) {
    case KEY_SHA1_HASH:
        return authority->has_certificate && equal(identifier, authority->key_sha1, TLS_SHA1_OCTETS);
    case CERT_SHA1_HASH:
        return authority->has_certificate && equal(identifier, authority->certificate_sha1, TLS_SHA1_OCTETS);
    case X509_NAME:
        return equal(identifier, authority->name.octets, authority->name.n);
    default:
        return false;
    }
}

bool tls_hello_trusts(const struct tls_hello *hello, const struct tls_authority *authority)
{
    struct tls_span keys = hello->ca_keys, names = hello->ca_names, identifier;
    uint8_t type;
    while (take_authority(&keys, &type, &identifier))
        if (is_authority(type, identifier, authority))
            return true;
    while (take_vector(&names, 2, &identifier))
        if (is_authority(X509_NAME, identifier, authority))
            return true;
    return false;
}

bool tls_ca_keys_valid(const uint8_t *body, size_t n)
{
    struct tls_span rest = {body, n}, list, identifier;
    uint8_t type;
    if (!take_vector(&rest, 2, &list) || rest.n != 0)
        return false;
    while (list.n)
        if (!take_authority(&list, &type, &identifier))
            return false;
    return true;
}

bool tls_asks_ocsp_multi(const uint8_t *body, size_t n)
{
    struct tls_span list = only_vector(body, n, 2), type, request;
    while (take(&list, 1, &type) && take_vector(&list, 2, &request))
        if (type.octets[0] == STATUS_OCSP_MULTI)
            return true;
    return false;
}
