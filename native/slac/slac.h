/* Raw Ethernet frames of SLAC on one interface: AF_PACKET with a filter in the kernel. */
#ifndef FASTSECC_SLAC_H
#define FASTSECC_SLAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slac_api.h"

#define SLAC_ETHERTYPE 0x88E1

/* Attach the filter of slac_listen to a socket. 0, or -errno. */
int slac_attach_filter(int fd, const uint8_t mac[6], const uint16_t *mmtypes, size_t mmtypes_n);

#endif
