/* The codec's entries for the charge loop, as the link's C core uses them: no GIL, no allocation, thread-safe. */
#ifndef FASTSECC_EXI_API_H
#define FASTSECC_EXI_API_H

#include <stddef.h>
#include <stdint.h>

#include "exi_structs.h"

/* Octets that an output buffer must have beyond the longest message: the writer stores whole words. */
#define EXI_SLACK 8
#define EXI_LOOP_MAX_OCTETS 512

/* Decode one charge-loop message of `protocol` (enum exi_protocol). 0: `*out` holds all of it; members whose `has_`
 * is 0 are left as they were. > 0: `*out` means nothing, for it is no such message, has a Notification or Signature in
 * its header, a list, or is not quite what the schema says: for Python to judge. */
typedef int (*exi_decode_loop_function)(const uint8_t *exi, size_t n, int protocol, exi_loop_request *out);

/* Encode one charge-loop message; its kind tells the protocol. Octets written, or < 0: a value that its schema does not
 * allow, or fewer than EXI_SLACK octets of `capacity` left over. */
typedef int (*exi_encode_loop_function)(const exi_loop_response *message, uint8_t *out, size_t capacity);

#endif
