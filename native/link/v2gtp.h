/* V2GTP framing of an octet stream, without I/O; the same in DIN SPEC 70121 and every ISO 15118.
 *
 * Header: version 0x01, inverse version 0xFE, payload type (16 bits), payload length (32 bits), big endian. A frame
 * with a wrong header is ignored: its payload length is honoured, and the next frame is read after it. */
#ifndef FASTSECC_LINK_V2GTP_H
#define FASTSECC_LINK_V2GTP_H

#include <stddef.h>
#include <stdint.h>

#define V2GTP_VERSION 0x01
#define V2GTP_INVERSE_VERSION 0xFE
#define V2GTP_HEADER_OCTETS 8
#define V2GTP_MAX_TYPES 16 /* payload types that one connection may expect */
#define V2GTP_EXI 0x8001   /* of messages of supportedAppProtocol, DIN SPEC 70121 and ISO 15118-2 */

/* Types of the streams of ISO 15118-20 that run beside the main one, each with a sequence of its own: schedule
 * renegotiation, metering confirmation, ACDP status, parking status. */
#define V2GTP_IS_SIDE_STREAM(type) ((type) >= 0x8101 && (type) <= 0x8104)

enum v2gtp_event {
    V2GTP_MORE,     /* all octets taken, no frame is complete */
    V2GTP_FRAME,    /* `payload`, `length` and `type` are a frame; valid until the next feed */
    V2GTP_IGNORED,  /* a header that is not for us; `fault` says why, its payload will be skipped */
    V2GTP_TOO_LONG, /* `length` is over the limit; the stream cannot be read on */
};

enum v2gtp_fault {
    V2GTP_BAD_VERSION,
    V2GTP_BAD_INVERSE_VERSION,
    V2GTP_UNKNOWN_TYPE,
    V2GTP_EMPTY,
    V2GTP_FAULTS, /* how many there are */
};

struct v2gtp {
    uint16_t types[V2GTP_MAX_TYPES];
    size_t types_n;
    uint32_t max_payload;

    uint8_t *payload; /* room for max_payload octets */
    uint32_t length;
    uint16_t type;
    enum v2gtp_fault fault;

    uint8_t header[V2GTP_HEADER_OCTETS];
    size_t header_n;
    uint32_t payload_n; /* octets of the payload read or skipped */
    int skipping;
};

/* Start framing. `payload` has room for `max_payload` octets; at most V2GTP_MAX_TYPES types are looked at. */
void v2gtp_init(struct v2gtp *f, uint8_t *payload, uint32_t max_payload, const uint16_t *types, size_t types_n);

/* Take octets up to the first event; returns how many were taken. Feed the rest in the next call. */
size_t v2gtp_feed(struct v2gtp *f, const uint8_t *octets, size_t n, enum v2gtp_event *event);

/* Write the header of a frame. */
void v2gtp_header(uint8_t out[V2GTP_HEADER_OCTETS], uint16_t type, uint32_t length);

#endif
