#include "transport_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tls_connection.h"

#define DRAIN_OCTETS 4096
#define DRAIN_READS 16

/* Say what went wrong, unless a callback has said it already. */
static void describe(struct tls_connection *c)
{
    unsigned long code = ERR_peek_error();
    if (c->failure[0] != '\0')
        return;
    if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        snprintf(c->failure, sizeof c->failure, "the EV's certificate: %s",
                 X509_verify_cert_error_string(SSL_get_verify_result(c->ssl)));
    else
        tls_reason(c->failure, sizeof c->failure, "unknown");
}

static int socket_failure(int error)
{
    errno = error;
    if (error == 0)
        return TRANSPORT_FIN;
    return error == ECONNRESET || error == EPIPE ? TRANSPORT_RESET : TRANSPORT_ERROR;
}

/* What a call of OpenSSL that did not succeed means. */
static int outcome(struct tls_connection *c, int result)
{
    int error = errno;
    switch (SSL_get_error(c->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return TRANSPORT_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TRANSPORT_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TRANSPORT_FIN;
    case SSL_ERROR_SYSCALL:
        c->broken = true;
        return socket_failure(error);
    default:
        c->broken = true;
        describe(c);
        return TRANSPORT_TLS;
    }
}

/* Before every call of OpenSSL, so that its outcome is its own. */
static void clear_errors(void)
{
    ERR_clear_error();
    errno = 0;
}

static bool begin(struct tls_connection *c)
{
    if (transport_prepare(c->base.fd) < 0)
        return false;
    c->ssl = SSL_new(c->profiles->chains[0].context);
    if (c->ssl == NULL || !SSL_set_app_data(c->ssl, c) || !SSL_set_fd(c->ssl, c->base.fd)) {
        errno = ENOMEM;
        return false;
    }
    SSL_set_accept_state(c->ssl);
    return true;
}

static int tls_open(struct transport *t)
{
    struct tls_connection *c = (struct tls_connection *)t;
    clear_errors();
    if (c->ssl == NULL && !begin(c)) {
        c->broken = true;
        return TRANSPORT_ERROR;
    }
    int result = SSL_do_handshake(c->ssl);
    if (result != 1)
        return outcome(c, result);
    c->opened = true;
    return 1;
}

static void copy(char *out, size_t n, const char *text)
{
    snprintf(out, n, "%s", text ? text : "");
}

static void peer_certificate(const struct tls_connection *c, struct handshake *out)
{
    X509 *certificate = SSL_get1_peer_certificate(c->ssl);
    unsigned char *der = NULL;
    int n = certificate ? i2d_X509(certificate, &der) : 0;
    out->client_certificate = n > 0 ? malloc((size_t)n) : NULL;
    if (out->client_certificate != NULL) {
        memcpy(out->client_certificate, der, (size_t)n);
        out->client_certificate_n = (size_t)n;
    }
    OPENSSL_free(der);
    X509_free(certificate);
}

static void tls_handshake(const struct transport *t, struct handshake *out)
{
    const struct tls_connection *c = (const struct tls_connection *)t;
    copy(out->version, sizeof out->version, SSL_get_version(c->ssl));
    copy(out->cipher, sizeof out->cipher, SSL_get_cipher_name(c->ssl));
    copy(out->group, sizeof out->group, SSL_group_to_name(c->ssl, (int)SSL_get_negotiated_group(c->ssl)));
    copy(out->chain, sizeof out->chain, c->chain->label);
    peer_certificate(c, out);
}

static ssize_t tls_recv(struct transport *t, uint8_t *octets, size_t n)
{
    struct tls_connection *c = (struct tls_connection *)t;
    clear_errors();
    int got = SSL_read(c->ssl, octets, (int)n);
    return got > 0 ? got : outcome(c, got);
}

static ssize_t tls_send(struct transport *t, const uint8_t *octets, size_t n)
{
    struct tls_connection *c = (struct tls_connection *)t;
    clear_errors();
    int sent = SSL_write(c->ssl, octets, (int)n);
    return sent > 0 ? sent : outcome(c, sent);
}

static bool tls_pending(const struct transport *t)
{
    return SSL_has_pending(((const struct tls_connection *)t)->ssl);
}

static const char *tls_failure(const struct transport *t)
{
    return ((const struct tls_connection *)t)->failure;
}

/* Send close_notify; negative if that has to wait. */
static int say_close(struct tls_connection *c)
{
    if (!c->opened || c->broken || SSL_get_shutdown(c->ssl) & SSL_SENT_SHUTDOWN)
        return 0;
    clear_errors();
    int result = SSL_shutdown(c->ssl);
    return result < 0 ? outcome(c, result) : 0;
}

static int tls_shutdown(struct transport *t)
{
    struct tls_connection *c = (struct tls_connection *)t;
    int result = say_close(c);
    if (result == TRANSPORT_WANT_READ || result == TRANSPORT_WANT_WRITE)
        return result;
    return shutdown(t->fd, SHUT_WR) == 0 || errno == ENOTCONN ? 0 : TRANSPORT_ERROR;
}

/* Octets left unread would turn our FIN into a RST, which may overtake the alert that says why. */
static void drain(int fd)
{
    uint8_t rest[DRAIN_OCTETS];
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < DRAIN_READS && recv(fd, rest, sizeof rest, MSG_DONTWAIT) > 0; i++)
        continue;
}

static void tls_close(struct transport *t)
{
    struct tls_connection *c = (struct tls_connection *)t;
    if (c->opened)
        say_close(c);
    drain(t->fd);
    SSL_free(c->ssl);
    ERR_clear_error();
    close(t->fd);
    tls_profiles_unref(c->profiles);
    free(c);
}

static const struct transport_ops tls_ops = {
    .open = tls_open,
    .handshake = tls_handshake,
    .recv = tls_recv,
    .send = tls_send,
    .pending = tls_pending,
    .shutdown = tls_shutdown,
    .failure = tls_failure,
    .close = tls_close,
};

struct transport *transport_tls(int fd, struct tls_profiles *profiles)
{
    struct tls_connection *c = profiles->chains_n ? calloc(1, sizeof *c) : NULL;
    if (c == NULL)
        return NULL;
    tls_profiles_ref(profiles);
    c->base = (struct transport){.ops = &tls_ops, .fd = fd};
    c->profiles = profiles;
    return &c->base;
}
