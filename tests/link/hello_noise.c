/* Extensions of a ClientHello that are noise, or nearly right: reading them stays within their octets (which a build
 * with ASan sees), finds nothing that is not there, and always ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls_hello.h"

#define ROUNDS 300000
#define MAX_OCTETS 64

static const enum tls_extension TYPES[] = {
    TLS_EXT_TRUSTED_CA_KEYS,    TLS_EXT_SUPPORTED_GROUPS,        TLS_EXT_SIGNATURE_ALGORITHMS,
    TLS_EXT_SUPPORTED_VERSIONS, TLS_EXT_CERTIFICATE_AUTHORITIES, TLS_EXT_STATUS_REQUEST,
};

static bool within(struct tls_span list, const uint8_t *octets, size_t n)
{
    return list.n == 0 || (list.octets >= octets && list.octets + list.n <= octets + n);
}

/* Noise with small numbers, half of the time with a length in front that fits. */
static void fill(uint8_t *octets, size_t n)
{
    for (size_t i = 0; i < n; i++)
        octets[i] = (uint8_t)(rand() % 3 ? rand() % 4 : rand() % 256);
    if (n >= 2 && rand() % 2) {
        octets[0] = 0;
        octets[1] = (uint8_t)(n - 2);
    } else if (n >= 1 && rand() % 2) {
        octets[0] = (uint8_t)(n - 1);
    }
}

static bool check(const uint8_t *octets, size_t n, const struct tls_authority *authority)
{
    struct tls_hello hello = {.legacy_version = (uint16_t)rand()};
    tls_hello_note(&hello, TYPES[rand() % 6], octets, n);
    tls_hello_note(&hello, TYPES[rand() % 6], octets, n);
    const struct tls_span lists[] = {hello.versions, hello.groups, hello.signatures, hello.ca_keys, hello.ca_names};
    for (size_t i = 0; i < 5; i++)
        if (!within(lists[i], octets, n))
            return false;
    uint16_t version = tls_hello_version(&hello, 0x0303, 0x0304);
    int at = tls_span_find(hello.groups, 0x0102);
    if ((version != 0 && version != 0x0303 && version != 0x0304) || at * 2 >= (int)n)
        return false;
    /* An authority whose hashes no noise hits, and whose name is three octets. */
    bool trusts = tls_hello_trusts(&hello, authority);
    tls_ca_keys_valid(octets, n);
    tls_asks_ocsp_multi(octets, n);
    return !trusts || memmem(octets, n, authority->name.octets, authority->name.n) != NULL;
}

int main(void)
{
    static const uint8_t NAME[] = {1, 2, 3};
    struct tls_authority authority = {.name = {NAME, sizeof NAME}, .has_certificate = true};
    memset(authority.key_sha1, 0xA5, TLS_SHA1_OCTETS);
    memset(authority.certificate_sha1, 0x5A, TLS_SHA1_OCTETS);
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        size_t n = (size_t)(rand() % MAX_OCTETS);
        uint8_t *octets = malloc(n ? n : 1);
        if (octets == NULL)
            return 2;
        fill(octets, n);
        bool good = check(octets, n, &authority);
        free(octets);
        if (!good) {
            printf("round %d: read what is not there\n", round);
            return 1;
        }
    }
    return 0;
}
