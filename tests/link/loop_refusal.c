/* A response that the codec will not encode is Python's, and nothing in it counts as sent. */
#include <stdio.h>
#include <string.h>

#include "loop.h"

static int encoded = -1;

static int decode(const uint8_t *exi, size_t n, int protocol, exi_loop_request *out)
{
    (void)protocol;
    memset(out, 0, sizeof *out);
    out->kind = exi[0];
    return n == 1 ? 0 : 1;
}

static int encode(const exi_loop_response *message, uint8_t *out, size_t capacity)
{
    (void)capacity;
    out[0] = message->iso2_ChargingStatusRes.has_MeterInfo;
    return encoded;
}

static const struct link_codec codec = {decode, encode};
static struct loop loop;

static enum loop_verdict ask(uint8_t *out)
{
    uint8_t request[] = {EXI_iso2_ChargingStatusReq};
    struct v2gtp frame = {.type = V2GTP_EXI, .payload = request, .length = sizeof request};
    size_t written = 0;
    return loop_answer(&loop, &codec, &frame, (struct loop_time){1, 1}, out, 64, &written);
}

static void publish(void)
{
    struct loop_template *t = &loop.templates[loop.inbox.back];
    t->fresh.kind = t->stale.kind = EXI_iso2_ChargingStatusRes;
    t->fresh.iso2_ChargingStatusRes.has_MeterInfo = 1;
    t->payload_type = V2GTP_EXI;
    t->fresh_until_ns = INT64_MAX;
    t->meter_sequence = 7;
    loop_arm(t);
    triple_publish(&loop.inbox);
}

#define EXPECT(condition)                                                                                              \
    if (!(condition)) {                                                                                                \
        printf("line %d: not %s\n", __LINE__, #condition);                                                             \
        return 1;                                                                                                      \
    }

int main(void)
{
    uint8_t out[64];
    loop_init(&loop, 100, 1000);
    EXPECT(ask(out) == LOOP_UNARMED)
    publish();
    EXPECT(ask(out) == LOOP_REFUSED)
    EXPECT(loop.now.answered == 0 && loop.now.meter_sequence_sent == 0)
    EXPECT(!triple_refresh(&loop.outbox) && loop_report_at(&loop) == INT64_MAX)
    encoded = 1;
    EXPECT(ask(out) == LOOP_ANSWERED && out[0] == 1)
    EXPECT(loop.now.answered == 1 && loop.now.meter_sequence_sent == 7)
    EXPECT(triple_refresh(&loop.outbox) && loop_report_at(&loop) == 0)
    EXPECT(ask(out) == LOOP_ANSWERED && out[0] == 0)
    return 0;
}
