#include "tls_chain.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#define TLS_MAX_AUTHORITIES 32
#define TLS_MAX_STAPLES 16

bool tls_file_failed(struct tls_error *error, const char *file, const char *reason)
{
    ERR_clear_error();
    snprintf(error->text, sizeof error->text, "%s: %s", file, reason);
    return false;
}

/* As above, with what OpenSSL says. */
static bool openssl_failed(struct tls_error *error, const char *file, const char *otherwise)
{
    char reason[160];
    tls_reason(reason, sizeof reason, otherwise);
    return tls_file_failed(error, file, reason);
}

static bool out_of_memory(struct tls_error *error)
{
    ERR_clear_error();
    snprintf(error->text, sizeof error->text, "out of memory");
    return false;
}

void tls_chain_free(struct tls_chain *chain)
{
    for (size_t i = 0; i < chain->authorities_n; i++)
        OPENSSL_free((void *)chain->authorities[i].name.octets);
    for (size_t i = 0; i < chain->staples_n; i++)
        free(chain->staples[i].octets);
    free(chain->authorities);
    free(chain->staples);
    sk_X509_pop_free(chain->issuers, X509_free);
    X509_free(chain->certificate);
    SSL_CTX_free(chain->context);
}

bool tls_each_certificate(const char *file, bool (*use)(void *context, X509 *certificate), void *context,
                          struct tls_error *error)
{
    BIO *in = BIO_new_file(file, "r");
    if (in == NULL)
        return openssl_failed(error, file, "cannot be opened");
    size_t n = 0;
    bool used = true;
    X509 *certificate;
    while (used && (certificate = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL) {
        used = use(context, certificate);
        X509_free(certificate);
        n++;
    }
    BIO_free(in);
    /* The end of the file is an error too: there is no further certificate. */
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (used && n > 0 && at_end) {
        ERR_clear_error();
        return true;
    }
    if (used && at_end)
        return tls_file_failed(error, file, "holds no certificate");
    return openssl_failed(error, file, "cannot be used");
}

static struct tls_chain *newest(struct tls_profiles *profiles)
{
    return &profiles->chains[profiles->chains_n - 1];
}

bool tls_profiles_begin_chain(struct tls_profiles *profiles, const char *label, struct tls_error *error)
{
    if (profiles->chains_n == TLS_MAX_CHAINS) {
        snprintf(error->text, sizeof error->text, "%s: more than %d certificate chains", label, TLS_MAX_CHAINS);
        return false;
    }
    struct tls_chain *chain = &profiles->chains[profiles->chains_n++];
    snprintf(chain->label, sizeof chain->label, "%s", label);
    chain->context = tls_context_new(profiles);
    chain->issuers = sk_X509_new_null();
    chain->authorities = calloc(TLS_MAX_AUTHORITIES, sizeof *chain->authorities);
    chain->staples = calloc(TLS_MAX_STAPLES, sizeof *chain->staples);
    if (chain->context && chain->issuers && chain->authorities && chain->staples)
        return true;
    return openssl_failed(error, label, "out of memory");
}

/* Note an authority of the chain; without its certificate only its name is known. */
static bool add_authority(struct tls_chain *chain, const X509_NAME *name, const X509 *certificate)
{
    struct tls_authority *authority = &chain->authorities[chain->authorities_n];
    unsigned char *der = NULL;
    int n = chain->authorities_n < TLS_MAX_AUTHORITIES ? i2d_X509_NAME(name, &der) : -1;
    if (n < 0)
        return false;
    chain->authorities_n++;
    authority->name = (struct tls_span){der, (size_t)n};
    authority->has_certificate = certificate != NULL && X509_pubkey_digest(certificate, EVP_sha1(), authority->key_sha1, NULL) &&
                                 X509_digest(certificate, EVP_sha1(), authority->certificate_sha1, NULL);
    return true;
}

static bool add_root(void *context, X509 *certificate)
{
    return add_authority(context, X509_get_subject_name(certificate), certificate);
}

static bool is_root(X509 *certificate)
{
    return X509_check_issued(certificate, certificate) == X509_V_OK;
}

/* Roots are known to the EV: they are not sent. */
static bool add_issuer(struct tls_chain *chain, X509 *certificate)
{
    if (!add_root(chain, certificate))
        return false;
    return is_root(certificate) || (X509_up_ref(certificate) && sk_X509_push(chain->issuers, certificate) > 0);
}

static bool add_certificate(void *context, X509 *certificate)
{
    struct tls_chain *chain = context;
    if (chain->certificate != NULL)
        return add_issuer(chain, certificate);
    chain->certificate = certificate;
    return X509_up_ref(certificate) == 1;
}

static X509 *last_certificate(const struct tls_chain *chain)
{
    int n = sk_X509_num(chain->issuers);
    return n > 0 ? sk_X509_value(chain->issuers, n - 1) : chain->certificate;
}

bool tls_chain_certificates(struct tls_profiles *profiles, const char *file, struct tls_error *error)
{
    return tls_each_certificate(file, add_certificate, newest(profiles), error);
}

bool tls_chain_roots(struct tls_profiles *profiles, const char *file, struct tls_error *error)
{
    return tls_each_certificate(file, add_root, newest(profiles), error);
}

bool tls_chain_staple(struct tls_profiles *profiles, const uint8_t *octets, size_t n, struct tls_error *error)
{
    struct tls_chain *chain = newest(profiles);
    if (chain->staples_n == TLS_MAX_STAPLES) {
        snprintf(error->text, sizeof error->text, "%s: more than %d OCSP responses", chain->label, TLS_MAX_STAPLES);
        return false;
    }
    struct tls_staple *staple = &chain->staples[chain->staples_n++];
    if (octets == NULL || n == 0)
        return true;
    staple->octets = malloc(n);
    if (staple->octets == NULL)
        return out_of_memory(error);
    memcpy(staple->octets, octets, n);
    staple->n = n;
    return true;
}

/* Never ask a terminal. */
static int give_password(char *out, int size, int writing, void *password)
{
    (void)writing;
    if (password == NULL)
        return -1;
    int n = (int)strnlen(password, (size_t)size);
    memcpy(out, password, (size_t)n);
    return n;
}

static EVP_PKEY *read_key(const char *file, const char *password, struct tls_error *error)
{
    BIO *in = BIO_new_file(file, "r");
    EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, give_password, (void *)password) : NULL;
    /* Of the rest OpenSSL says no more than that it is unsupported. */
    if (in == NULL)
        openssl_failed(error, file, "cannot be opened");
    else if (key == NULL && password == NULL)
        tls_file_failed(error, file, "holds no private key, or one that needs a password");
    else if (key == NULL)
        tls_file_failed(error, file, "holds no private key, or the password is wrong");
    BIO_free(in);
    return key;
}

static bool classify(struct tls_chain *chain, EVP_PKEY *key)
{
    char group[32] = "";
    if (EVP_PKEY_is_a(key, "EC"))
        EVP_PKEY_get_group_name(key, group, sizeof group, NULL);
    if (EVP_PKEY_is_a(key, "ED448"))
        chain->leaf = TLS_LEAF_ED448;
    else if (strcmp(group, "prime256v1") == 0)
        chain->leaf = TLS_LEAF_P256;
    else if (strcmp(group, "secp521r1") == 0)
        chain->leaf = TLS_LEAF_P521;
    else
        return false;
    return true;
}

/* Each certificate must be issued by the next one, as TLS 1.2 demands. */
static bool in_order(const struct tls_chain *chain)
{
    X509 *subject = chain->certificate;
    for (int i = 0; i < sk_X509_num(chain->issuers); i++) {
        X509 *issuer = sk_X509_value(chain->issuers, i);
        if (X509_check_issued(issuer, subject) != X509_V_OK)
            return false;
        subject = issuer;
    }
    return true;
}

static bool finish_chain(struct tls_chain *chain, EVP_PKEY *key, const char *file, struct tls_error *error)
{
    if (chain->certificate == NULL)
        return tls_file_failed(error, chain->label, "has no certificate");
    if (!in_order(chain))
        return tls_file_failed(error, chain->label, "a certificate is not issued by the one after it");
    if (!X509_check_private_key(chain->certificate, key))
        return tls_file_failed(error, file, "is not the key of the certificate");
    if (!classify(chain, key))
        return tls_file_failed(error, file, "is none of P-256, P-521 and Ed448");
    if (!add_authority(chain, X509_get_issuer_name(last_certificate(chain)), NULL) ||
        SSL_CTX_use_cert_and_key(chain->context, chain->certificate, key, chain->issuers, 1) != 1)
        return openssl_failed(error, chain->label, "cannot be used");
    return true;
}

bool tls_chain_key(struct tls_profiles *profiles, const char *file, const char *password, struct tls_error *error)
{
    EVP_PKEY *key = read_key(file, password, error);
    if (key == NULL)
        return false;
    bool finished = finish_chain(newest(profiles), key, file, error);
    EVP_PKEY_free(key);
    return finished;
}
