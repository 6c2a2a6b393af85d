# The decoder: one walk over the grammar with two sinks, a tape of values for Python and the C struct of a loop message.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from bits cimport bit_reader, copy_octets, peek, start_reading
from tables cimport *

cdef enum:
    MAX_DEVIATIONS = 16
    MAX_GROUPS = 10       # of seven bits, in a 64-bit integer
    FIRST_ENTRIES = 512

# What an entry of the tape is for: a value (or the start of an element), or the end of an element.
ctypedef struct tape_entry:
    uint16_t field        # 0: the end of an element
    uint32_t n            # octets of a string or binary in `side`; sign of a BIG one in its highest bit
    int64_t value         # or where it starts in `side`

ctypedef struct frame:
    uint16_t state        # to go on with
    uint16_t field        # the element that this frame is the content of
    uint16_t count
    uint8_t *base

ctypedef struct deviation:
    int what
    int64_t bit
    int64_t entry         # of the tape

ctypedef struct decoder:
    bit_reader bits
    uint8_t *base         # struct of the current element; NULL: the sink is the tape
    tape_entry *tape
    int64_t entries
    int64_t tape_capacity
    uint8_t *side         # octets of strings and binaries
    int64_t side_n
    deviation deviations[MAX_DEVIATIONS]
    int deviations_n
    int depth
    int field             # where decoding failed
    frame frames[EXI_MAX_DEPTH]

# Results, beginning with what went wrong; the texts stand in codec.py.
cdef enum:
    OK, TRUNCATED, NO_SUCH_CODE, NOT_TAKEN, SECOND_LEVEL, OUT_OF_RANGE, STRING_TABLE, BAD_CHARACTER, TOO_LONG_INTEGER, \
        BAD_HEADER, NO_MEMORY, NOT_MINE
    LENGTH, ILLEGAL_CHARACTER, PADDING, TRAILING, ABSTRACT


cdef void deviate(decoder *d, int what) noexcept nogil:
    cdef deviation *new
    if d.deviations_n < MAX_DEVIATIONS:
        new = &d.deviations[d.deviations_n]
        new.what = what
        new.bit = d.bits.at
        new.entry = d.entries
    d.deviations_n += d.deviations_n < MAX_DEVIATIONS


cdef int grow_tape(decoder *d) noexcept nogil:
    cdef int64_t capacity = d.tape_capacity * 2 if d.tape_capacity else FIRST_ENTRIES
    cdef void *tape = realloc(d.tape, <size_t>capacity * sizeof(tape_entry))
    if tape == NULL:
        return NO_MEMORY
    d.tape = <tape_entry *>tape
    d.tape_capacity = capacity
    return OK


cdef inline int append(decoder *d, int field, uint32_t n, int64_t value) noexcept nogil:
    cdef tape_entry *entry
    if d.entries == d.tape_capacity and grow_tape(d):
        return NO_MEMORY
    entry = &d.tape[d.entries]
    entry.field = <uint16_t>field
    entry.n = n
    entry.value = value
    d.entries += 1
    return OK


# Note in the struct that a field is there; false if the struct has no place for it.
cdef inline bint place(decoder *d, const exi_field *field) noexcept nogil:
    if field.offset == EXI_NOWHERE:
        return False
    if field.presence != EXI_NOWHERE:
        d.base[field.presence] = <uint8_t>field.present
    return True


cdef inline int keep_number(decoder *d, int number, const exi_field *field, int64_t value) noexcept nogil:
    if d.base == NULL:
        return append(d, number, 0, value)
    if not place(d, field):
        return NOT_MINE
    if field.flags & EXI_WIDE:
        (<int64_t *>(d.base + field.offset))[0] = value
    else:
        (<int32_t *>(d.base + field.offset))[0] = <int32_t>value
    return OK


# Read groups of seven bits, the lowest first.
cdef inline int read_unsigned(bit_reader *bits, uint64_t *value) noexcept nogil:
    cdef uint64_t word = peek(bits)
    cdef uint64_t result = 0
    cdef uint64_t octet
    cdef int shift = 0
    while True:
        octet = word >> 56
        word <<= 8
        bits.at += 8
        result |= (octet & 0x7F) << shift
        if octet < 0x80:
            break
        shift += 7
        if shift == 49:
            word = peek(bits)
        elif shift == 7 * MAX_GROUPS:
            return TOO_LONG_INTEGER
    if shift == 63 and octet > 1:
        return TOO_LONG_INTEGER
    value[0] = result
    return OK


cdef int decode_number(decoder *d, int number, const exi_field *field) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef uint64_t magnitude = 0
    cdef uint64_t negative = 0
    cdef int failure
    if field.kind == EXI_INTEGER:
        negative = peek(&d.bits) >> 63
        d.bits.at += 1
    failure = read_unsigned(&d.bits, &magnitude)
    if failure:
        return failure
    if negative:
        if magnitude >> 63:
            return OUT_OF_RANGE
        magnitude = ~magnitude
    elif field.kind == EXI_INTEGER and magnitude >> 63:
        return OUT_OF_RANGE
    if magnitude - <uint64_t>limits.low > limits.span:
        return OUT_OF_RANGE
    return keep_number(d, number, field, <int64_t>magnitude)


# An integer of any size: its groups are kept as they come, one an octet.
cdef int decode_big(decoder *d, int number) noexcept nogil:
    cdef int64_t start = d.side_n
    cdef uint32_t negative
    cdef uint8_t octet = 0x80
    if d.base != NULL:
        return NOT_MINE
    negative = <uint32_t>(peek(&d.bits) >> 63)
    d.bits.at += 1
    while octet & 0x80:
        octet = <uint8_t>(peek(&d.bits) >> 56)
        d.bits.at += 8
        d.side[d.side_n] = octet & 0x7F
        d.side_n += 1
    return append(d, number, <uint32_t>(d.side_n - start) | negative << 31, start)


cdef int decode_octets(decoder *d, int number, const exi_field *field) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef uint64_t n = 0
    cdef int64_t written
    cdef int failure = read_unsigned(&d.bits, &n)
    cdef uint8_t *to
    if failure:
        return failure
    if field.kind == EXI_STRING:
        if n < 2:
            return STRING_TABLE
        n -= 2
    if d.bits.at > d.bits.end or n > <uint64_t>(d.bits.end - d.bits.at) >> 3:
        return TRUNCATED
    if n - <uint64_t>limits.low > limits.span:
        deviate(d, LENGTH)
    if d.base != NULL:
        if d.deviations_n or not place(d, field):
            return NOT_MINE
        to = d.base + field.offset + 2
    else:
        to = d.side + d.side_n
    written = <int64_t>n
    copy_octets(&d.bits, to, written)
    if field.kind == EXI_STRING and not plain_text(to, written):
        if d.base != NULL:
            return NOT_MINE
        d.bits.at -= written * 8
        failure = decode_characters(d, to, &written)
        if failure:
            return failure
    if d.base != NULL:
        (<uint16_t *>(d.base + field.offset))[0] = <uint16_t>written
        return OK
    d.side_n += written
    return append(d, number, <uint32_t>written, to - d.side)


# Tell whether octets are ASCII without control characters.
cdef bint plain_text(const uint8_t *text, int64_t n) noexcept nogil:
    cdef int64_t i
    cdef uint8_t odd = 0
    for i in range(n):
        odd |= <uint8_t>(text[i] - 0x20) | text[i]
    return odd < 0x80


# Read code points one by one, and write them as UTF-8. `n` is their number, then the octets that they took.
cdef int decode_characters(decoder *d, uint8_t *to, int64_t *n) noexcept nogil:
    cdef uint8_t *first = to
    cdef uint64_t point = 0
    cdef bint illegal = False
    cdef int64_t i
    for i in range(n[0]):
        if read_unsigned(&d.bits, &point) or point > 0x10FFFF or 0xD800 <= point < 0xE000:
            return BAD_CHARACTER
        if d.bits.at > d.bits.end:
            return TRUNCATED
        if (point < 0x20 and point != 9 and point != 10 and point != 13) or point == 0xFFFE or point == 0xFFFF:
            illegal = True
        to = put_utf8(to, <uint32_t>point)
    if illegal:
        deviate(d, ILLEGAL_CHARACTER)
    n[0] = to - first
    return OK


cdef uint8_t *put_utf8(uint8_t *to, uint32_t point) noexcept nogil:
    if point < 0x80:
        to[0] = <uint8_t>point
        return to + 1
    if point < 0x800:
        to[0] = <uint8_t>(0xC0 | point >> 6)
    else:
        if point < 0x10000:
            to[0] = <uint8_t>(0xE0 | point >> 12)
        else:
            to[0] = <uint8_t>(0xF0 | point >> 18)
            to += 1
            to[0] = <uint8_t>(0x80 | (point >> 12 & 0x3F))
        to += 1
        to[0] = <uint8_t>(0x80 | (point >> 6 & 0x3F))
    to[1] = <uint8_t>(0x80 | (point & 0x3F))
    return to + 2


# Decode the content of an element that is no SMALL value. An empty string or binary may also be written as the end of the
# element out of turn: an escape and three bits.
cdef int decode_simple(decoder *d, int number, const exi_field *field) noexcept nogil:
    cdef int failure
    cdef uint64_t word
    if not field.flags & EXI_BARE:
        word = peek(&d.bits)
        if word >> 63:
            if word >> 60 != 8 or (field.kind != EXI_STRING and field.kind != EXI_BINARY):
                return SECOND_LEVEL
            d.bits.at += 4
            if d.base == NULL:
                return append(d, number, 0, d.side_n)
            return NOT_MINE
        d.bits.at += 1
    if field.kind <= EXI_INTEGER:
        failure = decode_number(d, number, field)
    elif field.kind == EXI_BIG:
        failure = decode_big(d, number)
    else:
        failure = decode_octets(d, number, field)
    if failure:
        return failure
    if not field.flags & EXI_BARE:
        if peek(&d.bits) >> 63:
            return SECOND_LEVEL
        d.bits.at += 1
    return OK


cdef inline int decode_small(decoder *d, int number, const exi_field *field, uint64_t word) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef uint64_t value
    if field.flags & EXI_BARE:
        value = word >> (64 - field.bits)
        d.bits.at += field.bits
    else:
        value = word >> (62 - field.bits)
        if value & 1:
            return SECOND_LEVEL
        value >>= 1
        d.bits.at += field.bits + 2
    if value > limits.span:
        return OUT_OF_RANGE if value >> field.bits == 0 else SECOND_LEVEL
    return keep_number(d, number, field, <int64_t>value + limits.low)


# Enter an element: remember where to go on after it.
cdef inline int enter(decoder *d, int number, const exi_field *field, int state, int count) noexcept nogil:
    cdef frame *new = &d.frames[d.depth]
    new.state = <uint16_t>state
    new.field = <uint16_t>number
    new.count = <uint16_t>count
    new.base = d.base
    d.depth += 1
    if field.flags & EXI_ABSTRACT:
        deviate(d, ABSTRACT)
    if d.base == NULL:
        return append(d, number, 0, 0)
    if not place(d, field):
        return NOT_MINE
    d.base += field.offset
    return OK


# Decode one element and all that is in it, beginning at a state that offers it.
cdef int decode_element(decoder *d, int start) noexcept nogil:
    cdef const exi_state *state
    cdef const exi_production *production
    cdef const exi_field *field
    cdef uint64_t word
    cdef uint64_t code
    cdef int current = start
    cdef int following
    cdef int count = 0
    cdef int failure
    while True:
        state = &exi_states[current]
        word = peek(&d.bits)
        code = word >> (64 - state.width)
        if code >= state.n:
            return no_production(d, state, code)
        d.bits.at += state.width
        production = &exi_productions[state.first + code]
        field = &exi_fields[production.field]
        following = production.next
        if state.repeat:
            count = count + 1 if code == 0 else 0
            if count < state.repeat and code == 0:
                following = current
            else:
                count = 0
        if field.kind == EXI_SMALL:
            failure = decode_small(d, production.field, field, word << state.width)
        elif field.kind == EXI_COMPLEX:
            failure = enter(d, production.field, field, following, count)
            following = exi_types[field.content].start
            count = 0
        elif field.kind == EXI_END:
            d.depth -= 1
            following = d.frames[d.depth].state
            count = d.frames[d.depth].count
            if d.base == NULL:
                failure = append(d, EXI_END_FIELD, 0, 0)
            else:
                d.base = d.frames[d.depth].base
                failure = OK
        elif field.kind == EXI_REFUSED:
            failure = NOT_TAKEN
        else:
            failure = decode_simple(d, production.field, field)
        if failure or d.bits.at > d.bits.end:
            d.field = production.field
            return failure_at_end(d, failure)
        if d.depth == 0:
            return OK
        current = following


cdef int no_production(decoder *d, const exi_state *state, uint64_t code) noexcept nogil:
    d.field = 0
    if d.bits.at + state.width > d.bits.end:
        return TRUNCATED
    return SECOND_LEVEL if code == state.n else NO_SUCH_CODE


# What looks wrong in the zeros behind the end is only that the stream is too short.
cdef int failure_at_end(decoder *d, int failure) noexcept nogil:
    if d.bits.at > d.bits.end and failure != NOT_MINE:
        return TRUNCATED
    return failure


# Decode a whole stream: header, one element, and in a fragment the code that ends it.
cdef int decode_stream(decoder *d, const uint8_t *exi, int64_t n, int root, bint fragment) noexcept nogil:
    cdef const exi_state *state = &exi_states[exi_roots[root].fragment]
    cdef int failure
    cdef uint64_t word
    start_reading(&d.bits, exi, n)
    d.entries = d.side_n = d.deviations_n = d.depth = d.field = 0
    if n == 0:
        return TRUNCATED
    if exi[0] != EXI_HEADER:
        return BAD_HEADER
    d.bits.at = 8
    failure = decode_element(d, exi_roots[root].fragment if fragment else exi_roots[root].document)
    if failure:
        return failure
    if fragment:
        word = peek(&d.bits) >> (64 - state.width)
        if d.bits.at + state.width > d.bits.end:
            return TRUNCATED
        if word + 1 != state.n:
            return NOT_TAKEN
        d.bits.at += state.width
    if d.bits.at & 7:
        if peek(&d.bits) >> (56 + (d.bits.at & 7)):
            deviate(d, PADDING)
        d.bits.at = (d.bits.at | 7) + 1
    if d.bits.at < d.bits.end:
        deviate(d, TRAILING)
    return OK
