#include "tls_profiles.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tls_chain.h"

#define TLS_1_3 0x0304

/* signature_algorithms and supported_groups (IANA). */
enum { ECDSA_SECP256R1_SHA256 = 0x0403, ECDSA_SECP521R1_SHA512 = 0x0603, ED448 = 0x0808 };
enum { SECP256R1 = 0x0017, SECP521R1 = 0x0019, X448 = 0x001e };

/* What an EV must be able to do for a leaf to be served to it. */
static const struct {
    uint16_t signature;
    uint16_t groups[2];
    bool tls12;
} LEAVES[] = {
    [TLS_LEAF_P256] = {ECDSA_SECP256R1_SHA256, {SECP256R1, SECP256R1}, true},
    [TLS_LEAF_P521] = {ECDSA_SECP521R1_SHA512, {SECP521R1, X448}, false},
    [TLS_LEAF_ED448] = {ED448, {SECP521R1, X448}, false},
};

void tls_reason(char *text, size_t n, const char *otherwise)
{
    unsigned long code = ERR_get_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    if (code && ERR_SYSTEM_ERROR(code))
        reason = strerror(ERR_GET_REASON(code));
    snprintf(text, n, "%s", reason ? reason : otherwise);
    ERR_clear_error();
}

struct tls_profiles *tls_profiles_new(uint16_t oldest, uint16_t newest, enum tls_client_certificate client_certificate)
{
    struct tls_profiles *profiles = calloc(1, sizeof *profiles);
    if (profiles == NULL)
        return NULL;
    atomic_init(&profiles->owners, 1u);
    profiles->oldest = oldest;
    profiles->newest = newest;
    profiles->client_certificate = client_certificate;
    profiles->keylog_fd = -1;
    profiles->anchors = X509_STORE_new();
    if (profiles->anchors == NULL) {
        free(profiles);
        return NULL;
    }
    return profiles;
}

void tls_profiles_ref(struct tls_profiles *profiles)
{
    atomic_fetch_add_explicit(&profiles->owners, 1u, memory_order_relaxed);
}

void tls_profiles_unref(struct tls_profiles *profiles)
{
    if (atomic_fetch_sub_explicit(&profiles->owners, 1u, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < profiles->chains_n; i++)
        tls_chain_free(&profiles->chains[i]);
    X509_STORE_free(profiles->anchors);
    if (profiles->keylog_fd >= 0)
        close(profiles->keylog_fd);
    free(profiles);
}

bool tls_profiles_log_keys(struct tls_profiles *profiles, const char *file, struct tls_error *error)
{
    if (profiles->keylog_fd >= 0)
        close(profiles->keylog_fd);
    profiles->keylog_fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (profiles->keylog_fd >= 0)
        return true;
    return tls_file_failed(error, file, strerror(errno));
}

static bool trust(void *context, X509 *certificate)
{
    struct tls_profiles *profiles = context;
    return X509_STORE_add_cert(profiles->anchors, certificate) == 1;
}

bool tls_profiles_trust(struct tls_profiles *profiles, const char *file, struct tls_error *error)
{
    return tls_each_certificate(file, trust, profiles, error);
}

static bool can_check(const struct tls_hello *hello, enum tls_leaf leaf)
{
    const uint16_t *groups = LEAVES[leaf].groups;
    return tls_span_find(hello->signatures, LEAVES[leaf].signature) >= 0 &&
           (tls_span_find(hello->groups, groups[0]) >= 0 || tls_span_find(hello->groups, groups[1]) >= 0);
}

/* Whether the leaf may be served in this version. What a TLS 1.2 EV leaves out of its ClientHello is implied. */
static bool suits(const struct tls_chain *chain, const struct tls_hello *hello, uint16_t version)
{
    return version >= TLS_1_3 ? can_check(hello, chain->leaf) : LEAVES[chain->leaf].tls12;
}

static bool trusted(const struct tls_chain *chain, const struct tls_hello *hello)
{
    for (size_t i = 0; i < chain->authorities_n; i++)
        if (tls_hello_trusts(hello, &chain->authorities[i]))
            return true;
    return false;
}

/* How well a suitable chain fits: first of all the EV trusts its root, then it is one of ISO 15118-20 where there is
 * TLS 1.3, then the EV names its kind of signature early. */
static int fitness(const struct tls_chain *chain, const struct tls_hello *hello)
{
    int position = tls_span_find(hello->signatures, LEAVES[chain->leaf].signature);
    return (trusted(chain, hello) ? 1 << 17 : 0) + (chain->leaf != TLS_LEAF_P256 ? 1 << 16 : 0) - position;
}

const struct tls_chain *tls_choose(const struct tls_profiles *profiles, const struct tls_hello *hello, uint16_t version)
{
    const struct tls_chain *best = NULL;
    for (size_t i = 0; i < profiles->chains_n; i++) {
        const struct tls_chain *chain = &profiles->chains[i];
        if (suits(chain, hello, version) && (best == NULL || fitness(chain, hello) > fitness(best, hello)))
            best = chain;
    }
    return best;
}
