#ifndef FASTSECC_LINK_TRANSPORT_TLS_H
#define FASTSECC_LINK_TRANSPORT_TLS_H

#include "tls_profiles.h"
#include "transport.h"

/* TLS over an accepted socket, which it owns from here on; it holds the profiles. NULL without memory or chains. */
struct transport *transport_tls(int fd, struct tls_profiles *profiles);

#endif
