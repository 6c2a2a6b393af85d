"""A connection to an EV on a native thread of its own; see `native/link/link.h`.

The thread reads V2GTP frames, answers charge-loop requests from the published template and queues
every other frame. It never takes the GIL. How a reader uses it, with `link.fileno()` watched by its event loop:

    events = link.take()
    if (progress := link.progress()) is not None:
        ...                                  # what the link answered before these events
    for event in events:
        match event:
            case Frame(payload=payload): ...  # then link.publish()/disarm(), then link.reply()
            case Ignored(fault=fault): ...    # a line for the log
            case Closed(reason=reason): ...   # nothing comes after it
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum
from os import PathLike
from typing import Literal, NamedTuple, Protocol, final

from fastsecc.messages.schema import Type

V2GTP_EXI: int
"""Payload type of EXI messages of supportedAppProtocol, DIN SPEC 70121 and ISO 15118-2."""
MAX_PAYLOAD: int
MAX_QUEUED_FRAMES: int
MAX_IGNORED_FRAMES: int
"""Ignored frames in a row; one more ends the connection."""
REPORT_INTERVAL_ms: int
HEARTBEAT_ms: int
FIN_WAIT_ms: int
SEND_TIMEOUT_ms: int
HANDSHAKE_TIMEOUT_ms: int
FIFO_PRIORITY: int

class CloseMode(IntEnum):
    """How a connection is ended."""

    KEEP = 0
    """Not at all."""
    AFTER_EV = 1
    """Wait for the EV's FIN, at most `fin_wait_ms`, then close."""
    NOW = 2
    """Send our FIN, wait for the EV's, at most `fin_wait_ms`, then close."""
    ABORT = 3
    """Close at once, whatever is still to be sent."""

class CloseReason(StrEnum):
    """Why a connection has ended."""

    EV_CLOSED = "ev_closed"
    RESET = "reset"
    CLOSED_BY_US = "closed_by_us"
    FRAME_TOO_LONG = "frame_too_long"
    TOO_MANY_BAD_FRAMES = "too_many_bad_frames"
    QUEUE_FULL = "queue_full"
    SEND_TIMEOUT = "send_timeout"
    IO_ERROR = "io_error"
    TLS_FAILED = "tls_failed"
    """The connection ended before its TLS handshake was done, for whatever reason of the EV's."""

class Fault(StrEnum):
    """What is wrong with a frame that is ignored."""

    BAD_VERSION = "bad_version"
    BAD_INVERSE_VERSION = "bad_inverse_version"
    UNKNOWN_TYPE = "unknown_type"
    EMPTY = "empty"

class Frame(NamedTuple):
    """A frame that Python has to deal with.

    Until it is settled by a reply, no later one is answered natively; but one of a side stream of ISO 15118-20 (0x8101
    to 0x8104) needs no settling, and a reply on such a stream settles nothing: the charge loop goes on beside it.
    """

    payload_type: int
    payload: bytes
    sequence: int
    """Counts the frames of the connection, from 1, modulo 2^32."""

class Ignored(NamedTuple):
    """The first frame with this fault was ignored; how many there were, `stats()` says."""

    fault: Fault

class Handshake(NamedTuple):
    """The TLS handshake is done. The first event of a connection with TLS that gets so far."""

    version: str
    """TLSv1.2 or TLSv1.3."""
    cipher: str
    """OpenSSL's name of the cipher suite."""
    group: str
    """Of the key exchange: secp256r1, secp521r1, x448."""
    chain: str
    """Label of the certificate chain that was served."""
    client_certificate: bytes | None
    """The EV's, DER, verified; None if none was demanded."""

class Closed(NamedTuple):
    """The socket is closed. The last event of a connection, given exactly once."""

    reason: CloseReason
    detail: str

class LinkProgress(NamedTuple):
    """What the link thread answered by itself up to now."""

    answered: int
    request: bytes
    """The newest request that it answered, EXI."""
    at: float
    """When it answered it, monotonic seconds."""
    meter_sequence_sent: int
    stale: bool
    """True once an answer was taken from the stale response; stays true."""
    payload_type: int = ...
    """Of that request."""
    meter_requests: int = ...
    """How many of the requests asked for MeterInfo (ISO 15118-20)."""

class LinkStats(NamedTuple):
    """Counters of a connection; they wrap at 2^32."""

    frames: int
    """Well-formed frames read."""
    ignored: dict[Fault, int]
    handed_over: int
    """Frames given to Python."""
    answered: int
    """Frames answered natively."""
    answered_stale: int
    """Of these, how many from the stale response."""
    refused: int
    """Frames that were left to Python though the loop was armed."""
    late: int
    """Native answers later than 25 ms, the V2G_SECC_Msg_Performance_Time of CurrentDemandRes."""
    slowest_us: int
    """Longest time from reading a request to having sent its native answer, beyond its minimum interval."""
    held: int = 0
    """Answers and replies that waited for their minimum interval to pass."""
    fifo: bool = False
    """The thread runs at SCHED_FIFO now."""

class Template(Protocol):
    """What `publish` reads; `session.api.LoopTemplate` is one."""

    @property
    def session_id(self) -> bytes: ...
    @property
    def fresh(self) -> Type: ...
    @property
    def stale(self) -> Type: ...
    @property
    def fresh_until(self) -> float: ...
    @property
    def meter_sequence(self) -> int: ...
    @property
    def payload_type(self) -> int: ...

def fifo_refused(priority: int) -> str:
    """Try SCHED_FIFO at a priority for a moment; return why it is refused, or nothing."""

def lock_memory() -> str:
    """Lock all memory of the process and make it resident, now and later; return why it failed, or nothing."""

TLS_LIBRARY: str
"""Name and version of the OpenSSL in use."""
TLS_ANSWERS_STATUS_REQUEST_V2: bool
"""Whether it can answer status_request_v2 (RFC 6961): with EVerest's patch only."""
TLS_STAPLES_WHOLE_CHAIN: bool
"""Whether it can staple for each certificate of a chain in TLS 1.3; otherwise it does for the leaf."""

class TlsChain(NamedTuple):
    """A certificate chain to be served."""

    certificates: tuple[str | PathLike[str], ...]
    """PEM files: the leaf, then its issuers, each followed by its own. Roots are not sent."""
    private_key: str | PathLike[str]
    """PEM file; P-256 (TLS 1.2 and 1.3), P-521 or Ed448 (TLS 1.3)."""
    password: bytes | None = None
    ocsp: tuple[bytes | None, ...] = ()
    """OCSP responses in DER, of the leaf and its issuers in their order; None where there is none."""
    roots: tuple[str | PathLike[str], ...] = ()
    """PEM files: trust anchors of the chain, by which an EV may ask for it (trusted_ca_keys)."""
    label: str = ""
    """Its name in events; empty: the first file's."""

class TlsFileError(ValueError):
    """A file that cannot be used; the text begins with its name."""

@final
class TlsProfiles:
    """What TLS connections are made with. Never changes; connections keep theirs when there is a new one.

    An EV gets TLS 1.3 if it offers it. Of the chains that it can check it gets one whose root it names
    (trusted_ca_keys, certificate_authorities), failing that one for ISO 15118-20 (P-521 or Ed448, whichever signature
    it names first) with TLS 1.3, and the first one configured among equals. TLS 1.2 is served with P-256 alone.
    """

    chains: tuple[TlsChain, ...]

    def __new__(
        cls,
        chains: Iterable[TlsChain],
        *,
        client_anchors: Iterable[str | PathLike[str]] = ...,
        client_certificate: Literal["never", "tls13", "always"] = ...,
        min_version: Literal["1.2", "1.3"] = ...,
        max_version: Literal["1.2", "1.3"] = ...,
        key_log: str | PathLike[str] | None = ...,
    ) -> TlsProfiles:
        """Read the files.

        `client_anchors` are PEM files with the roots of client certificates, which are demanded as
        `client_certificate` says: "tls13" (with TLS 1.3 only), "never" or "always". Secrets are appended to the file
        `key_log`, in the NSS format; None: not logged.

        Raises TlsFileError for a file that cannot be used, ValueError for settings out of range.
        """

@final
class Link:
    """An EV's connection. No method blocks, `join` apart; to be used by one thread."""

    def __new__(
        cls,
        fd: int,
        *,
        tls: TlsProfiles | None = ...,
        payload_types: Iterable[int] = ...,
        max_payload: int = ...,
        queue_frames: int = ...,
        max_ignored_frames: int = ...,
        report_interval_ms: int = ...,
        heartbeat_ms: int = ...,
        fin_wait_ms: int = ...,
        send_timeout_ms: int = ...,
        handshake_timeout_ms: int = ...,
        fifo_priority: int = ...,
    ) -> Link:
        """Start the thread that owns the connected socket `fd` from here on, even if this raises.

        With `tls` it is a TLS server's, and a handshake that takes longer than `handshake_timeout_ms` ends it.

        A payload longer than `max_payload` octets ends the connection, as does a frame that finds `queue_frames` others
        waiting, and one more than `max_ignored_frames` ignored ones in a row. Progress is signalled when the EV's
        request changes or after `heartbeat_ms`, never twice in `report_interval_ms`. A frame that the EV does not take
        within `send_timeout_ms` ends the connection. While a template is armed the thread runs at SCHED_FIFO with
        `fifo_priority` (1 to 99; 0: never), if that is permitted.

        Raises ValueError for a setting out of range, OSError if no thread can be started.
        """

    def fileno(self) -> int:
        """Return the eventfd that is readable when there is something for `take` or `progress`. Only to be polled."""

    def take(self) -> list[Handshake | Frame | Ignored | Closed]:
        """Return the events since the last call, oldest first, and make `fileno()` quiet."""

    def progress(self) -> LinkProgress | None:
        """Return what was answered natively, None if nothing was since the last call.

        To be called after `take` and dealt with before its events: it is then what happened before the first of them.
        """

    def reply(
        self,
        payload_type: int,
        payload: bytes,
        close: int = ...,
        *,
        settles: int | None = None,
        min_response_ms: int = ...,
    ) -> None:
        """Send a frame, then end the connection as `close` (a CloseMode up to NOW) says.

        It settles every frame up to number `settles`; None: every one taken so far. Template changes that belong to the
        reply are published before it. It leaves no sooner than `min_response_ms` after the newest frame that was handed
        over was read. After the end of the connection it does nothing.

        Raises ValueError for a payload that is empty or longer than `max_payload`.
        """

    def publish(self, template: Template, min_response_ms: int = ...) -> None:
        """Answer the charge loop natively from now on, from this template.

        An answer leaves no sooner than `min_response_ms` after its request was read.

        Raises what the codec raises for responses that cannot be encoded, TypeError or ValueError for those that are
        no charge-loop responses; the template published before then stays.
        """

    def disarm(self) -> None:
        """Answer nothing natively from now on."""

    def close(self, how: int = ...) -> None:
        """End the connection (AFTER_EV if not told) once the replies given so far are sent."""

    def abort(self) -> None:
        """End the connection at once; nothing more is sent."""

    def stats(self) -> LinkStats:
        """Return the counters."""

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the thread has ended, at most `timeout` seconds; return whether it has."""
