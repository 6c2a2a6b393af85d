#include "tls_staple.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>

#define STATUS_OCSP_MULTI 2
#define MAX_STATUS_OCTETS 0xFFFFFF

/* A version may be newer when we run than it was when we were built. */
#define CHAIN_SINCE 0x30600000UL
#define SET_OCSP_RESPONSES 143 /* SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP_EX */
#if OPENSSL_VERSION_NUMBER < CHAIN_SINCE
DEFINE_STACK_OF(OCSP_RESPONSE)
#endif

/* In OpenSSL only with EVerest's patch: have CertificateStatus sent though no `status_request` was answered. */
extern int SSL_set_tlsext_status_expected(SSL *ssl, int expected) __attribute__((weak));

bool tls_staple_knows_v2(void)
{
    return SSL_set_tlsext_status_expected != NULL;
}

bool tls_staple_knows_chain(void)
{
    return OpenSSL_version_num() >= CHAIN_SINCE;
}

/* The responses from the leaf's up to the first that is missing. */
static STACK_OF(OCSP_RESPONSE) * responses_of(const struct tls_chain *chain)
{
    STACK_OF(OCSP_RESPONSE) *responses = sk_OCSP_RESPONSE_new_null();
    for (size_t i = 0; responses != NULL && i < chain->staples_n; i++) {
        const unsigned char *at = chain->staples[i].octets;
        OCSP_RESPONSE *response = at ? d2i_OCSP_RESPONSE(NULL, &at, (long)chain->staples[i].n) : NULL;
        if (response == NULL)
            break;
        if (sk_OCSP_RESPONSE_push(responses, response) <= 0)
            OCSP_RESPONSE_free(response);
    }
    ERR_clear_error(); /* or the handshake would fail of them */
    return responses;
}

static bool staple_chain(SSL *ssl, const struct tls_chain *chain)
{
    STACK_OF(OCSP_RESPONSE) *responses = responses_of(chain);
    if (sk_OCSP_RESPONSE_num(responses) > 0 && SSL_ctrl(ssl, SET_OCSP_RESPONSES, 0, responses) == 1)
        return true;
    sk_OCSP_RESPONSE_pop_free(responses, OCSP_RESPONSE_free);
    return false;
}

/* The connection takes `octets` over. */
static bool give(SSL *ssl, uint8_t *octets, size_t n)
{
    if (octets != NULL && SSL_set_tlsext_status_ocsp_resp(ssl, octets, (long)n) == 1)
        return true;
    OPENSSL_free(octets);
    return false;
}

bool tls_staple(SSL *ssl, const struct tls_chain *chain)
{
    if (tls_staple_knows_chain() && SSL_version(ssl) >= TLS1_3_VERSION)
        return staple_chain(ssl, chain);
    if (chain->staples_n == 0 || chain->staples[0].n == 0)
        return false;
    return give(ssl, OPENSSL_memdup(chain->staples[0].octets, chain->staples[0].n), chain->staples[0].n);
}

static void put_u24(uint8_t *out, size_t value)
{
    out[0] = (uint8_t)(value >> 16);
    out[1] = (uint8_t)(value >> 8);
    out[2] = (uint8_t)value;
}

/* An OCSPResponseList: a response each, empty where there is none. */
static uint8_t *response_list(const struct tls_chain *chain, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < chain->staples_n; i++)
        *n += 3 + chain->staples[i].n;
    uint8_t *list = *n && *n <= MAX_STATUS_OCTETS ? OPENSSL_malloc(*n) : NULL;
    uint8_t *at = list;
    for (size_t i = 0; list != NULL && i < chain->staples_n; i++) {
        const struct tls_staple *staple = &chain->staples[i];
        put_u24(at, staple->n);
        if (staple->n)
            memcpy(at + 3, staple->octets, staple->n);
        at += 3 + staple->n;
    }
    return list;
}

bool tls_staple_v2(SSL *ssl, const struct tls_chain *chain)
{
    size_t n = 0;
    if (!tls_staple_knows_v2() || chain->staples_n == 0)
        return false;
    if (!give(ssl, response_list(chain, &n), n))
        return false;
    SSL_set_tlsext_status_type(ssl, STATUS_OCSP_MULTI);
    SSL_set_tlsext_status_expected(ssl, 1);
    return true;
}
