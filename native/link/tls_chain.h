/* Loading certificate chains from files; internal to the building of profiles. */
#ifndef FASTSECC_LINK_TLS_CHAIN_H
#define FASTSECC_LINK_TLS_CHAIN_H

#include "tls_profiles.h"

void tls_chain_free(struct tls_chain *chain);

/* Say that a file cannot be used; always false. */
bool tls_file_failed(struct tls_error *error, const char *file, const char *reason);

/* Call `use` for each certificate of a PEM file, at least one. It takes a reference to those it keeps. */
bool tls_each_certificate(const char *file, bool (*use)(void *context, X509 *certificate), void *context,
                          struct tls_error *error);

/* An SSL_CTX with everything that all connections of the profiles have in common; NULL if OpenSSL refuses. */
SSL_CTX *tls_context_new(const struct tls_profiles *profiles);

#endif
