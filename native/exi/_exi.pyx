# cython: boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False, always_allow_keywords=False
# cython: binding=False, auto_pickle=False, optimize.use_switch=False
"""The EXI codec: a table-driven engine that needs no GIL, and its Python face (used through fastsecc.exi)."""

from importlib import import_module
from zlib import decompress

from fastsecc.errors import EncodeError

from libc.stdlib cimport free, malloc

cdef enum:
    EXI_HEADER = 0x80     # distinguishing bits, no options, version 1
    NO_LIMIT = 0xFFFFFFFF

cdef extern from "exi_hot.h":
    pass

include "sinks.pxi"
include "values.pxi"
include "decode.pxi"
include "encode.pxi"
include "objects.pxi"
include "flatten.pxi"


def decode(octets, int root, bint fragment, /):
    """Decode a stream; returns (message or None, element or path, bit, result, deviations)."""
    cdef decoder d
    cdef const uint8_t *exi = <const uint8_t *>PyBytes_AsString(octets)
    cdef int64_t n = len(octets)
    cdef int failure
    memset(&d, 0, sizeof(d))
    d.side = <uint8_t *>malloc(<size_t>(n + n // 2 + 16))
    try:
        failure = decode_stream(&d, exi, n, root, fragment) if d.side != NULL else NO_MEMORY
        if failure:
            return None, place_of(&d), min(d.bits.at, 8 * n), failure, ()
        return message_of(&d)
    finally:
        free(d.tape)
        free(d.side)


cdef str place_of(const decoder *d):
    """Name the element where decoding stopped: the root when it was at its end."""
    if d.depth == 0 and d.field <= EXI_REFUSED_FIELD and d.entries:
        return name_of(d.tape.field)
    return path_of(d.frames, d.depth, d.field)


cdef object message_of(decoder *d):
    deviations = deviations_of(d) if d.deviations_n else ()
    cdef const exi_field *field = &exi_fields[d.tape.field]
    d.entries = 1
    message = build(d, type_of(d.tape.field)) if field.kind == EXI_COMPLEX else value_of(d, d.tape, field)
    return message, name_at(field.name), d.bits.at, 0, deviations


cdef tuple deviations_of(decoder *d):
    """Name each deviation's element by walking the tape up to it."""
    cdef int i
    cdef int64_t at
    cdef int depth
    cdef int number
    found = []
    for i in range(d.deviations_n):
        depth = 0
        for at in range(d.deviations[i].entry):
            number = d.tape[at].field
            if number == EXI_END_FIELD:
                depth -= 1
            elif exi_fields[number].kind == EXI_COMPLEX:
                d.frames[depth].field = <uint16_t>number
                depth += 1
        number = d.tape[d.deviations[i].entry].field if d.deviations[i].entry < d.entries else EXI_END_FIELD
        found.append((path_of(d.frames, depth, number), d.deviations[i].bit, d.deviations[i].what))
    return tuple(found)


def encode(message, int root, int code, bint fragment, /):
    """Encode a message as the element that `code` stands for at the start of a document or fragment (see `roots`)."""
    cdef flattening f
    cdef list keep = []
    memset(&f, 0, sizeof(f))
    try:
        flatten_element(&f, root_field(root, code, fragment), message, keep)
        return encoded(&f, root, code, fragment)
    finally:
        free(f.tape.tape)


cdef bytes encoded(flattening *f, int root, int code, bint fragment):
    cdef encoder e
    cdef int64_t capacity = f.tape.entries * 16 + f.octets + 64
    cdef uint8_t *to = <uint8_t *>malloc(<size_t>capacity)
    cdef int64_t n
    if to == NULL:
        raise MemoryError
    try:
        e.base = NULL
        e.tape = f.tape.tape
        n = encode_stream(&e, to, capacity, root, code, fragment)
        if n < 0:
            raise EncodeError(slot_path(e.frames, e.depth, e.field), reason_of(-n))
        return PyBytes_FromStringAndSize(<const char *>to, n)
    finally:
        free(to)


cdef str reason_of(int64_t failure):
    if failure == MISSING:
        return "missing"
    if failure == TOO_MANY:
        return "more items than the schema allows"
    return "not allowed beside what is there"


def roots(int root, bint fragment, /):
    """List the names and classes (None: no complex type) of the elements that a document or fragment may start with."""
    cdef int code
    cdef int number
    found = []
    for code in range(exi_roots[root].start[fragment].n):
        number = root_field(root, code, fragment)
        cls = class_of(type_of(number)) if exi_fields[number].kind == EXI_COMPLEX else None
        found.append((name_at(exi_fields[number].name), cls))
    return found


cdef int root_field(int root, int code, bint fragment) noexcept nogil:
    return exi_root_fields[exi_roots[root].start[fragment].first + code]


cdef int exi_decode_loop(const uint8_t *exi, size_t n, int protocol, exi_loop_request *out) noexcept nogil:
    cdef decoder d
    cdef int failure
    d.base = <uint8_t *>out
    d.side = NULL
    failure = decode_stream(&d, exi, <int64_t>n, protocol, False)
    return failure if failure else NOT_MINE if d.deviations_n or not out.kind else OK


cdef int exi_encode_loop(const exi_loop_response *message, uint8_t *out, size_t capacity) noexcept nogil:
    cdef encoder e
    cdef const exi_loop *loop
    if not 0 < message.kind <= EXI_LOOPS_N:
        return -BAD_VALUE
    loop = &exi_loops[message.kind - 1]
    e.base = <const uint8_t *>message
    e.tape = NULL
    return <int>encode_stream(&e, out, <int64_t>capacity, loop.root, loop.document, False)


cdef int exi_loop_from_message(object message, exi_loop_response *out) except -1:
    """Turn a message of the charge loop into the struct, by way of its EXI form."""
    cdef const exi_loop *loop = loop_of(message)
    exi = encode(message, loop.root, loop.document, False)
    if exi_decode_loop(<const uint8_t *>PyBytes_AsString(exi), len(exi), loop.root, out) == OK:
        return 0
    raise EncodeError(type(message).__name__, "not a message of the charge loop")


cdef const exi_loop *loop_of(object message) except NULL:
    """Find a message of the charge loop with the same class of document."""
    cdef int i
    for i in range(EXI_LOOPS_N):
        if class_of(type_of(root_field(exi_loops[i].root, exi_loops[i].document, False))) is type(message):
            return &exi_loops[i]
    raise EncodeError(type(message).__name__, "is no document of the charge loop")


def repeat_decode(octets, int root, int times, bint to_struct, /):
    """Decode a document again and again, natively, for benchmarks; returns the result."""
    cdef decoder d
    cdef exi_loop_message message
    cdef const uint8_t *exi = <const uint8_t *>PyBytes_AsString(octets)
    cdef int64_t n = len(octets)
    cdef int failure = OK
    cdef int i
    memset(&d, 0, sizeof(d))
    d.side = <uint8_t *>malloc(<size_t>(n + n // 2 + 16))
    with nogil:
        for i in range(times):
            if to_struct:
                failure = exi_decode_loop(exi, <size_t>n, root, &message)
            else:
                failure = decode_stream(&d, exi, n, root, False)
    free(d.tape)
    free(d.side)
    return failure


def repeat_encode(message, int times, /):
    """Encode a V2G_Message or another message of the charge loop again and again, natively, for benchmarks.

    It comes from its struct if it has one.
    """
    cdef exi_loop_message in_struct
    cdef const exi_loop *loop = loop_of(message)
    cdef uint8_t out[EXI_LOOP_MAX_OCTETS]
    cdef flattening f
    cdef encoder e
    cdef list keep = []
    cdef int64_t n = 0
    cdef int i
    memset(&f, 0, sizeof(f))
    flatten_element(&f, root_field(loop.root, loop.document, False), message, keep)
    e.base = NULL
    e.tape = f.tape.tape
    try:
        exi_loop_from_message(message, &in_struct)
        e.base = <const uint8_t *>&in_struct
    except EncodeError:
        pass
    with nogil:
        for i in range(times):
            n = encode_stream(&e, out, EXI_LOOP_MAX_OCTETS, loop.root, loop.document, False)
    free(f.tape.tape)
    return PyBytes_FromStringAndSize(<const char *>out, n if n > 0 else 0)
