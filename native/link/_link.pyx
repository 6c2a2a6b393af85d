"""A connection to an EV, owned by a native thread: the Python face of link.h."""

from enum import IntEnum, StrEnum
from os import fsencode
from typing import NamedTuple

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.errno cimport errno
from libc.stdint cimport INT64_MAX, int64_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, strerror

from fastsecc._exi cimport exi_decode_loop, exi_encode_loop, exi_loop_from_message
from link cimport *

V2GTP_EXI = C_V2GTP_EXI
MAX_PAYLOAD = 16 * 1024
MAX_QUEUED_FRAMES = 8
MAX_IGNORED_FRAMES = 64
REPORT_INTERVAL_ms = 100
HEARTBEAT_ms = 1000
FIN_WAIT_ms = 5000
SEND_TIMEOUT_ms = 5000
HANDSHAKE_TIMEOUT_ms = 15000
FIFO_PRIORITY = 40


class CloseMode(IntEnum):
    KEEP = 0
    AFTER_EV = 1
    NOW = 2
    ABORT = 3


class CloseReason(StrEnum):
    """In the order of `enum link_reason`."""

    EV_CLOSED = "ev_closed"
    RESET = "reset"
    CLOSED_BY_US = "closed_by_us"
    FRAME_TOO_LONG = "frame_too_long"
    TOO_MANY_BAD_FRAMES = "too_many_bad_frames"
    QUEUE_FULL = "queue_full"
    SEND_TIMEOUT = "send_timeout"
    IO_ERROR = "io_error"
    TLS_FAILED = "tls_failed"


class Fault(StrEnum):
    """In the order of `enum v2gtp_fault`."""

    BAD_VERSION = "bad_version"
    BAD_INVERSE_VERSION = "bad_inverse_version"
    UNKNOWN_TYPE = "unknown_type"
    EMPTY = "empty"


class Frame(NamedTuple):
    payload_type: int
    payload: bytes
    sequence: int


class Ignored(NamedTuple):
    fault: Fault


class Handshake(NamedTuple):
    version: str
    cipher: str
    group: str
    chain: str
    client_certificate: bytes | None


class Closed(NamedTuple):
    reason: CloseReason
    detail: str


class LinkProgress(NamedTuple):
    answered: int
    request: bytes
    at: float
    meter_sequence_sent: int
    stale: bool
    payload_type: int = V2GTP_EXI
    meter_requests: int = 0


class LinkStats(NamedTuple):
    frames: int
    ignored: dict
    handed_over: int
    answered: int
    answered_stale: int
    refused: int
    late: int
    slowest_us: int
    held: int = 0
    fifo: bool = False


LARGEST = {"fifo_priority": 99}

cdef tuple REASONS = tuple(CloseReason)
cdef tuple FAULTS = tuple(Fault)

cdef link_codec CODEC
CODEC.decode = exi_decode_loop
CODEC.encode = exi_encode_loop


def fifo_refused(int priority):
    return _reason(rt_try(priority))


def lock_memory():
    return _reason(rt_lock_memory())


cdef str _reason(int error):
    return strerror(error).decode() if error else ""


cdef int64_t monotonic_ns(double seconds) noexcept:
    """Convert; what the clock never reaches becomes its end, and what is no time its beginning."""
    if seconds >= 9e9:
        return INT64_MAX
    return <int64_t>(seconds * 1e9) if seconds > 0 else 0


cdef int read_settings(link_settings *out, tuple payload_types, dict numbers) except -1:
    if not 1 <= len(payload_types) <= V2GTP_MAX_TYPES:
        raise ValueError(f"payload_types: 1 to {V2GTP_MAX_TYPES} are possible")
    for name, value in numbers.items():
        if not 0 <= value <= LARGEST.get(name, 1 << 24) or (value == 0 and name in ("max_payload", "queue_frames")):
            raise ValueError(f"{name}: {value} is out of range")
    for index, payload_type in enumerate(payload_types):
        out.payload_types[index] = payload_type
    out.payload_types_n = len(payload_types)
    out.max_payload = numbers["max_payload"]
    out.queue_frames = numbers["queue_frames"]
    out.max_ignored_frames = numbers["max_ignored_frames"]
    out.report_interval_ms = numbers["report_interval_ms"]
    out.heartbeat_ms = numbers["heartbeat_ms"]
    out.fin_wait_ms = numbers["fin_wait_ms"]
    out.send_timeout_ms = numbers["send_timeout_ms"]
    out.handshake_timeout_ms = numbers["handshake_timeout_ms"]
    out.fifo_priority = numbers["fifo_priority"]
    return 0


include "tls.pxi"


@cython.final
cdef class Link:
    cdef link *_link
    cdef uint32_t _max_payload
    cdef uint32_t _taken
    cdef bint _closed_taken
    cdef bint _handshake_taken
    cdef uint32_t _faults_taken

    def __cinit__(
        self,
        int fd,
        *,
        TlsProfiles tls=None,
        payload_types=(V2GTP_EXI,),
        max_payload=MAX_PAYLOAD,
        queue_frames=MAX_QUEUED_FRAMES,
        max_ignored_frames=MAX_IGNORED_FRAMES,
        report_interval_ms=REPORT_INTERVAL_ms,
        heartbeat_ms=HEARTBEAT_ms,
        fin_wait_ms=FIN_WAIT_ms,
        send_timeout_ms=SEND_TIMEOUT_ms,
        handshake_timeout_ms=HANDSHAKE_TIMEOUT_ms,
        fifo_priority=FIFO_PRIORITY,
    ):
        cdef link_settings settings
        cdef transport *transport = transport_plain(fd) if tls is None else transport_tls(fd, tls._profiles)
        if transport == NULL:
            raise MemoryError
        try:
            read_settings(&settings, tuple(payload_types), {
                "max_payload": max_payload,
                "queue_frames": queue_frames,
                "max_ignored_frames": max_ignored_frames,
                "report_interval_ms": report_interval_ms,
                "heartbeat_ms": heartbeat_ms,
                "fin_wait_ms": fin_wait_ms,
                "send_timeout_ms": send_timeout_ms,
                "handshake_timeout_ms": handshake_timeout_ms,
                "fifo_priority": fifo_priority,
            })
            self._max_payload = settings.max_payload
            self._link = link_start(transport, &settings, &CODEC)
            if self._link == NULL:
                raise OSError(errno, "cannot start a link thread")
        except BaseException:
            transport_close(transport)
            raise

    def __dealloc__(self):
        if self._link != NULL:
            link_release(self._link)

    def fileno(self):
        return link_notify_fd(self._link)

    def take(self):
        cdef link_reason reason = 0
        cdef const char *detail = NULL
        link_clear_notify(self._link)
        # Asked first, because no frame comes after the end; the faults last, because they are older than the frames.
        cdef bint closed = link_closed(self._link, &reason, &detail)
        cdef list frames = self._take_frames()
        cdef list events = self._take_handshake() + self._take_faults() + frames
        if closed and not self._closed_taken:
            self._closed_taken = True
            events.append(Closed(REASONS[reason], detail.decode("utf-8", "replace")))
        return events

    cdef list _take_handshake(self):
        cdef const handshake *shaken = link_handshake(self._link)
        if shaken == NULL or self._handshake_taken:
            return []
        self._handshake_taken = True
        certificate = None
        if shaken.client_certificate != NULL:
            certificate = PyBytes_FromStringAndSize(<const char *>shaken.client_certificate, shaken.client_certificate_n)
        return [
            Handshake(
                shaken.version.decode(), shaken.cipher.decode(), shaken.group.decode(),
                shaken.chain.decode("utf-8", "replace"), certificate
            )
        ]

    cdef list _take_faults(self):
        cdef list events = []
        cdef link_counters counters
        link_read_counters(self._link, &counters)
        for kind in range(V2GTP_FAULTS):
            if counters.ignored[kind] and not self._faults_taken >> kind & 1:
                self._faults_taken |= 1u << kind
                events.append(Ignored(FAULTS[kind]))
        return events

    cdef list _take_frames(self):
        cdef list events = []
        cdef const record *frame = link_frame(self._link)
        while frame != NULL:
            payload = PyBytes_FromStringAndSize(<const char *>frame.octets, frame.n)
            events.append(Frame(frame.payload_type, payload, frame.sequence))
            self._taken = frame.sequence
            link_frame_done(self._link)
            frame = link_frame(self._link)
        return events

    def progress(self):
        cdef const loop_progress *news = link_progress(self._link)
        if news == NULL:
            return None
        request = PyBytes_FromStringAndSize(<const char *>news.request, news.n)
        return LinkProgress(
            news.answered, request, news.at_ns * 1e-9, news.meter_sequence_sent, bool(news.stale), news.payload_type,
            news.meter_requests
        )

    def reply(self, uint16_t payload_type, bytes payload not None, int close=0, *, settles=None,
              uint32_t min_response_ms=0):
        cdef uint32_t settled = self._taken if settles is None else settles
        if not 0 < len(payload) <= self._max_payload:
            raise ValueError(f"a payload of {len(payload)} octets cannot be sent")
        if not 0 <= close <= 2:
            raise ValueError(f"close: {close} is no way to end with a reply")
        link_reply(self._link, payload_type, payload, <uint32_t>len(payload), settled, close,
                   min_response_ms)

    def publish(self, template, uint32_t min_response_ms=0):
        cdef loop_template *slot = link_template(self._link)
        cdef bytes session_id = template.session_id
        if len(session_id) > LOOP_MAX_SESSION_ID:
            raise ValueError("session_id: more than 8 octets")
        memcpy(slot.session_id, <const char *>session_id, len(session_id))
        slot.session_id_n = <uint8_t>len(session_id)
        slot.fresh_until_ns = monotonic_ns(template.fresh_until)
        slot.meter_sequence = template.meter_sequence
        slot.payload_type = template.payload_type
        slot.min_response_ms = min_response_ms
        exi_loop_from_message(template.fresh, &slot.fresh)
        exi_loop_from_message(template.stale, &slot.stale)
        if not loop_arm(slot):
            raise ValueError("fresh and stale answer different requests")
        link_publish(self._link)

    def disarm(self):
        link_template(self._link).armed = False
        link_publish(self._link)

    def close(self, int how=1):
        if not 1 <= how <= 3:
            raise ValueError(f"how: {how} is no way to close")
        link_close(self._link, how)

    def abort(self):
        link_close(self._link, 3)

    def stats(self):
        cdef link_counters c
        link_read_counters(self._link, &c)
        ignored = {FAULTS[kind]: c.ignored[kind] for kind in range(V2GTP_FAULTS)}
        return LinkStats(
            c.frames, ignored, c.handed_over, c.answered, c.answered_stale, c.refused, c.late, c.slowest_us,
            c.held, bool(c.fifo)
        )

    def join(self, timeout=None):
        cdef int timeout_ms = -1 if timeout is None else max(0, round(timeout * 1000))
        cdef bint ended
        with nogil:
            ended = link_join(self._link, timeout_ms)
        return bool(ended)
