#include "v2gtp.h"

#include <stdbool.h>
#include <string.h>

void v2gtp_init(struct v2gtp *f, uint8_t *payload, uint32_t max_payload, const uint16_t *types, size_t types_n)
{
    memset(f, 0, sizeof *f);
    f->types_n = types_n < V2GTP_MAX_TYPES ? types_n : V2GTP_MAX_TYPES;
    memcpy(f->types, types, f->types_n * sizeof *types);
    f->max_payload = max_payload;
    f->payload = payload;
}

static bool expected(const struct v2gtp *f, uint16_t type)
{
    for (size_t i = 0; i < f->types_n; i++)
        if (f->types[i] == type)
            return true;
    return false;
}

static enum v2gtp_event ignored(struct v2gtp *f, enum v2gtp_fault fault)
{
    f->fault = fault;
    f->skipping = f->length > 0;
    if (!f->skipping)
        f->header_n = 0;
    return V2GTP_IGNORED;
}

static enum v2gtp_event read_header(struct v2gtp *f)
{
    const uint8_t *h = f->header;
    f->type = (uint16_t)(h[2] << 8 | h[3]);
    f->length = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
    f->payload_n = 0;
    f->skipping = false;
    if (f->length > f->max_payload)
        return V2GTP_TOO_LONG;
    if (h[0] != V2GTP_VERSION)
        return ignored(f, V2GTP_BAD_VERSION);
    if (h[1] != V2GTP_INVERSE_VERSION)
        return ignored(f, V2GTP_BAD_INVERSE_VERSION);
    if (!expected(f, f->type))
        return ignored(f, V2GTP_UNKNOWN_TYPE);
    if (f->length == 0)
        return ignored(f, V2GTP_EMPTY);
    return V2GTP_MORE;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t feed_header(struct v2gtp *f, const uint8_t *octets, size_t n, enum v2gtp_event *event)
{
    size_t taken = smaller(V2GTP_HEADER_OCTETS - f->header_n, n);
    memcpy(f->header + f->header_n, octets, taken);
    f->header_n += taken;
    if (f->header_n == V2GTP_HEADER_OCTETS)
        *event = read_header(f);
    return taken;
}

static size_t feed_payload(struct v2gtp *f, const uint8_t *octets, size_t n, enum v2gtp_event *event)
{
    size_t taken = smaller(f->length - f->payload_n, n);
    if (!f->skipping)
        memcpy(f->payload + f->payload_n, octets, taken);
    f->payload_n += (uint32_t)taken;
    if (f->payload_n == f->length) {
        f->header_n = 0;
        if (!f->skipping)
            *event = V2GTP_FRAME;
    }
    return taken;
}

size_t v2gtp_feed(struct v2gtp *f, const uint8_t *octets, size_t n, enum v2gtp_event *event)
{
    size_t at = 0;
    *event = V2GTP_MORE;
    while (at < n && *event == V2GTP_MORE) {
        if (f->header_n < V2GTP_HEADER_OCTETS)
            at += feed_header(f, octets + at, n - at, event);
        else
            at += feed_payload(f, octets + at, n - at, event);
    }
    return at;
}

void v2gtp_header(uint8_t out[V2GTP_HEADER_OCTETS], uint16_t type, uint32_t length)
{
    out[0] = V2GTP_VERSION;
    out[1] = V2GTP_INVERSE_VERSION;
    out[2] = (uint8_t)(type >> 8);
    out[3] = (uint8_t)type;
    out[4] = (uint8_t)(length >> 24);
    out[5] = (uint8_t)(length >> 16);
    out[6] = (uint8_t)(length >> 8);
    out[7] = (uint8_t)length;
}
