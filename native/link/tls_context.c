/* The policy of all connections, and what is decided while a handshake is under way. */
#include <string.h>
#include <sys/uio.h>

#include "tls_chain.h"
#include "tls_connection.h"
#include "tls_staple.h"

#define CIPHERS_TLS12 "ECDHE-ECDSA-AES128-SHA256"
#define CIPHERS_TLS13 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS "P-521:X448:P-256"
#define GROUPS_TLS12 "P-256"
#define SIGNATURES "ecdsa_secp521r1_sha512:ed448:ecdsa_secp256r1_sha256"
#define SECURITY_LEVEL 2 /* 112 bits */
#define MAX_PEER_CHAIN_OCTETS (32 * 1024)
#define MAX_PEER_CHAIN_DEPTH 4 /* sub-CAs; ISO 15118 has two */

static void note_extension(SSL *ssl, struct tls_hello *hello, enum tls_extension type)
{
    const unsigned char *body;
    size_t n;
    if (SSL_client_hello_get0_ext(ssl, type, &body, &n))
        tls_hello_note(hello, type, body, n);
}

static void read_hello(SSL *ssl, struct tls_hello *hello)
{
    *hello = (struct tls_hello){.legacy_version = (uint16_t)SSL_client_hello_get0_legacy_version(ssl)};
    note_extension(ssl, hello, TLS_EXT_SUPPORTED_VERSIONS);
    note_extension(ssl, hello, TLS_EXT_SUPPORTED_GROUPS);
    note_extension(ssl, hello, TLS_EXT_SIGNATURE_ALGORITHMS);
    note_extension(ssl, hello, TLS_EXT_TRUSTED_CA_KEYS);
    note_extension(ssl, hello, TLS_EXT_CERTIFICATE_AUTHORITIES);
}

static bool asks_v2(SSL *ssl)
{
    const unsigned char *body;
    size_t n;
    return SSL_client_hello_get0_ext(ssl, TLS_EXT_STATUS_REQUEST_V2, &body, &n) && tls_asks_ocsp_multi(body, n);
}

static bool demands_certificate(const struct tls_profiles *profiles, uint16_t version)
{
    return profiles->client_certificate == TLS_CLIENT_ALWAYS ||
           (profiles->client_certificate == TLS_CLIENT_TLS13 && version >= TLS1_3_VERSION);
}

/* Serve this chain in this version and in no other. */
static bool serve(struct tls_connection *c, SSL *ssl, const struct tls_chain *chain, uint16_t version)
{
    bool demand = demands_certificate(c->profiles, version);
    if (!SSL_set_min_proto_version(ssl, version) || !SSL_set_max_proto_version(ssl, version))
        return false;
    if (version < TLS1_3_VERSION && !SSL_set1_groups_list(ssl, GROUPS_TLS12))
        return false;
    SSL_set_verify(ssl, demand ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE, NULL);
    c->wants_v2 = version < TLS1_3_VERSION && tls_staple_knows_v2() && chain->staples_n > 0 && asks_v2(ssl);
    c->chain = chain;
    return SSL_set_SSL_CTX(ssl, chain->context) != NULL;
}

static int refuse(struct tls_connection *c, int *alert, int description, const char *why)
{
    snprintf(c->failure, sizeof c->failure, "%s", why);
    *alert = description;
    return SSL_CLIENT_HELLO_ERROR;
}

static int choose_profile(SSL *ssl, int *alert, void *unused)
{
    (void)unused;
    struct tls_connection *c = tls_connection_of(ssl);
    struct tls_hello hello;
    if (c->chain != NULL) /* the second ClientHello, after a HelloRetryRequest */
        return SSL_CLIENT_HELLO_SUCCESS;
    read_hello(ssl, &hello);
    uint16_t version = tls_hello_version(&hello, c->profiles->oldest, c->profiles->newest);
    if (version == 0)
        return refuse(c, alert, SSL_AD_PROTOCOL_VERSION, "the EV offers no version of TLS that is allowed");
    const struct tls_chain *chain = tls_choose(c->profiles, &hello, version);
    if (chain == NULL)
        return refuse(c, alert, SSL_AD_HANDSHAKE_FAILURE, "no certificate chain suits what the EV offers");
    if (!serve(c, ssl, chain, version))
        return refuse(c, alert, SSL_AD_INTERNAL_ERROR, "out of memory");
    return SSL_CLIENT_HELLO_SUCCESS;
}

static int staple(SSL *ssl, void *unused)
{
    (void)unused;
    const struct tls_connection *c = tls_connection_of(ssl);
    if (c->wants_v2 || c->chain == NULL)
        return SSL_TLSEXT_ERR_NOACK;
    return tls_staple(ssl, c->chain) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static int parse_ca_keys(SSL *ssl, unsigned type, unsigned context, const unsigned char *body, size_t n,
                         X509 *certificate, size_t index, int *alert, void *unused)
{
    (void)ssl, (void)type, (void)context, (void)certificate, (void)index, (void)unused;
    if (tls_ca_keys_valid(body, n))
        return 1;
    *alert = SSL_AD_DECODE_ERROR;
    return 0;
}

/* The answer of a server that has looked at `trusted_ca_keys` is the empty extension (RFC 6066, 6). */
static int answer_empty(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *n,
                        X509 *certificate, size_t index, int *alert, void *unused)
{
    (void)ssl, (void)type, (void)context, (void)certificate, (void)index, (void)alert, (void)unused;
    *out = NULL;
    *n = 0;
    return 1;
}

static int answer_v2(SSL *ssl, unsigned type, unsigned context, const unsigned char **out, size_t *n,
                     X509 *certificate, size_t index, int *alert, void *unused)
{
    const struct tls_connection *c = tls_connection_of(ssl);
    if (!c->wants_v2 || !tls_staple_v2(ssl, c->chain))
        return 0;
    return answer_empty(ssl, type, context, out, n, certificate, index, alert, unused);
}

static bool add_extensions(SSL_CTX *context)
{
    unsigned where = SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO;
    return SSL_CTX_add_custom_ext(context, TLS_EXT_TRUSTED_CA_KEYS, where, answer_empty, NULL, NULL, parse_ca_keys,
                                  NULL) &&
           (!tls_staple_knows_v2() || SSL_CTX_add_custom_ext(context, TLS_EXT_STATUS_REQUEST_V2, where, answer_v2, NULL,
                                                             NULL, NULL, NULL));
}

/* One write a line, so that the lines of connections do not mix. */
static void log_key(const SSL *ssl, const char *line)
{
    const struct tls_connection *c = tls_connection_of(ssl);
    struct iovec parts[2] = {{(void *)line, strlen(line)}, {(void *)"\n", 1}};
    (void)!writev(c->profiles->keylog_fd, parts, 2);
}

/* The EVs' roots are named to those of whom a certificate is demanded. */
static bool name_anchors(SSL_CTX *context, X509_STORE *anchors)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(anchors);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        X509 *certificate = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (certificate != NULL && !SSL_CTX_add_client_CA(context, certificate))
            return false;
    }
    return true;
}

static bool set_algorithms(SSL_CTX *context)
{
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    return SSL_CTX_set_cipher_list(context, CIPHERS_TLS12) && SSL_CTX_set_ciphersuites(context, CIPHERS_TLS13) &&
           SSL_CTX_set1_groups_list(context, GROUPS) && SSL_CTX_set1_sigalgs_list(context, SIGNATURES);
}

static void set_manners(SSL_CTX *context)
{
    SSL_CTX_clear_options(context, SSL_CTX_get_options(context));
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* The rest of a frame is sent from where the last part ended; buffers stay, so that the loop allocates little. */
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1); /* one system call a record */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_max_cert_list(context, MAX_PEER_CHAIN_OCTETS);
    SSL_CTX_set_verify_depth(context, MAX_PEER_CHAIN_DEPTH);
}

static void set_callbacks(SSL_CTX *context, const struct tls_profiles *profiles)
{
    SSL_CTX_set_client_hello_cb(context, choose_profile, NULL);
    SSL_CTX_set_tlsext_status_cb(context, staple);
    if (profiles->keylog_fd >= 0)
        SSL_CTX_set_keylog_callback(context, log_key);
}

SSL_CTX *tls_context_new(const struct tls_profiles *profiles)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL)
        return NULL;
    set_manners(context);
    set_callbacks(context, profiles);
    SSL_CTX_set1_cert_store(context, profiles->anchors);
    if (set_algorithms(context) && add_extensions(context) && name_anchors(context, profiles->anchors) &&
        SSL_CTX_set_min_proto_version(context, profiles->oldest) &&
        SSL_CTX_set_max_proto_version(context, profiles->newest))
        return context;
    SSL_CTX_free(context);
    return NULL;
}
