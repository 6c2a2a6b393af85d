# The encoder: one walk over the grammar with two sources, a tape of values and the C struct of a loop message.
from bits cimport bit_writer, exi_load_word, put, start_writing
from libc.stdint cimport uintptr_t

# A value to encode. Strings and binaries are where `value` points to.
ctypedef struct encoder:
    bit_writer bits
    const uint8_t *base   # struct of the current element; NULL: the source is the tape
    const tape_entry *tape
    int64_t entry         # of the tape: the next one, or where encoding failed
    const uint8_t *side
    int depth
    int field             # where encoding failed
    frame frames[EXI_MAX_DEPTH]

cdef enum:
    MISSING = 32, NOT_ALLOWED, TOO_MANY, NO_SPACE, BAD_VALUE


cdef inline void put_unsigned(bit_writer *bits, uint64_t value) noexcept nogil:
    while value >= 0x80:
        put(bits, 0x80 | (value & 0x7F), 8)
        value >>= 7
    put(bits, value, 8)


cdef void put_octets(bit_writer *bits, const uint8_t *octets, int64_t n) noexcept nogil:
    cdef int64_t i = 0
    while n - i >= 8:
        put(bits, exi_load_word(octets + i) >> 32, 32)
        put(bits, <uint32_t>exi_load_word(octets + i), 32)
        i += 8
    while i < n:
        put(bits, octets[i], 8)
        i += 1


# Write UTF-8 as code points.
cdef void put_characters(bit_writer *bits, const uint8_t *text, int64_t n) noexcept nogil:
    cdef int64_t i = 0
    cdef int more
    cdef uint64_t point
    while i < n:
        point = text[i]
        more = 0 if point < 0x80 else 1 if point < 0xE0 else 2 if point < 0xF0 else 3
        if more:
            point &= 0x3F >> more
        for _ in range(more):
            i += 1
            point = point << 6 | (text[i] & 0x3F)
        i += 1
        put_unsigned(bits, point)


cdef int64_t count_characters(const uint8_t *text, int64_t n) noexcept nogil:
    cdef int64_t i
    cdef int64_t count = 0
    for i in range(n):
        count += (text[i] & 0xC0) != 0x80
    return count


# An integer of any size, from groups of seven bits.
cdef void put_big(bit_writer *bits, const uint8_t *groups, uint32_t n) noexcept nogil:
    cdef uint32_t i
    put(bits, n >> 31, 1)
    n &= 0x7FFFFFFF
    for i in range(n):
        put(bits, groups[i] | (0x80 if i + 1 < n else 0), 8)


cdef inline int64_t number_of(const encoder *e, const exi_field *field) noexcept nogil:
    if e.base == NULL:
        return e.tape[e.entry].value
    if field.flags & EXI_WIDE:
        return (<const int64_t *>(e.base + field.offset))[0]
    return (<const int32_t *>(e.base + field.offset))[0]


cdef int encode_octets(encoder *e, const exi_field *field) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef const uint8_t *octets
    cdef int64_t n
    cdef int64_t length
    if e.base == NULL:
        n = e.tape[e.entry].n
        octets = <const uint8_t *><uintptr_t>e.tape[e.entry].value
    else:
        n = (<const uint16_t *>(e.base + field.offset))[0]
        octets = e.base + field.offset + 2
        if n > limits.low + <int64_t>limits.span:
            return BAD_VALUE
    length = n
    if field.kind == EXI_STRING:
        length = count_characters(octets, n)
    if e.bits.last - e.bits.at < n:
        return NO_SPACE
    if field.kind == EXI_BINARY:
        put_unsigned(&e.bits, <uint64_t>n)
        put_octets(&e.bits, octets, n)
    elif length == n:
        put_unsigned(&e.bits, <uint64_t>n + 2)
        put_octets(&e.bits, octets, n)
    else:
        put_unsigned(&e.bits, <uint64_t>length + 2)
        put_characters(&e.bits, octets, n)
    return OK


cdef int encode_number(encoder *e, const exi_field *field) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef int64_t value = number_of(e, field)
    if <uint64_t>value - <uint64_t>limits.low > limits.span:
        return BAD_VALUE
    if field.kind == EXI_INTEGER:
        put(&e.bits, <uint64_t>value >> 63, 1)
        if value < 0:
            value = ~value
    put_unsigned(&e.bits, <uint64_t>value)
    return OK


# Encode a value that is not SMALL, with the events around the content of an element.
cdef int encode_simple(encoder *e, const exi_field *field) noexcept nogil:
    cdef int failure = OK
    if not field.flags & EXI_BARE:
        put(&e.bits, 0, 1)
    if field.kind <= EXI_INTEGER:
        failure = encode_number(e, field)
    elif field.kind == EXI_BIG:
        put_big(&e.bits, <const uint8_t *><uintptr_t>e.tape[e.entry].value, e.tape[e.entry].n)
    else:
        failure = encode_octets(e, field)
    if not field.flags & EXI_BARE:
        put(&e.bits, 0, 1)
    return failure


cdef inline int encode_small(encoder *e, const exi_field *field, uint64_t code, int width) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef uint64_t offset = <uint64_t>number_of(e, field) - <uint64_t>limits.low
    if offset > limits.span:
        return BAD_VALUE
    if field.flags & EXI_BARE:
        put(&e.bits, code << field.bits | offset, width + field.bits)
    else:
        put(&e.bits, code << (field.bits + 2) | offset << 1, width + field.bits + 2)
    return OK


# Find the production of the next entry of the tape.
cdef inline int production_on_tape(const encoder *e, const exi_state *state) noexcept nogil:
    cdef int i
    cdef uint16_t wanted = e.tape[e.entry].field
    for i in range(state.n):
        if exi_productions[state.first + i].field == wanted:
            return i
    return -1


# Find the first production whose field is there.
cdef inline int production_in_struct(const encoder *e, const exi_state *state) noexcept nogil:
    cdef int i
    cdef int number
    cdef const exi_field *field
    for i in range(state.n):
        number = exi_productions[state.first + i].field
        field = &exi_fields[number]
        if number == EXI_END_FIELD:
            return i
        if field.offset != EXI_NOWHERE:
            if field.presence == EXI_NOWHERE or e.base[field.presence] == field.present:
                return i
    return -1


# Say why no production fits.
cdef int no_choice(encoder *e, const exi_state *state) noexcept nogil:
    cdef int wanted
    if e.base != NULL:
        return BAD_VALUE
    wanted = e.tape[e.entry].field
    e.field = wanted
    if wanted == EXI_END_FIELD:
        e.field = exi_productions[state.first + state.n - 1].field
        return MISSING
    return TOO_MANY if exi_fields[wanted].flags & EXI_REPEATED else NOT_ALLOWED


cdef int encode_element(encoder *e, int start) noexcept nogil:
    cdef const exi_state *state
    cdef const exi_production *production
    cdef const exi_field *field
    cdef frame *level
    cdef int code
    cdef int current = start
    cdef int following
    cdef int count = 0
    cdef int failure = OK
    while True:
        state = &exi_states[current]
        code = production_on_tape(e, state) if e.base == NULL else production_in_struct(e, state)
        if code < 0:
            return no_choice(e, state)
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
            failure = encode_small(e, field, <uint64_t>code, state.width)
        else:
            put(&e.bits, <uint64_t>code, state.width)
            if field.kind == EXI_COMPLEX:
                level = &e.frames[e.depth]
                level.state = <uint16_t>following
                level.field = production.field
                level.count = <uint16_t>count
                level.base = <uint8_t *>e.base
                e.depth += 1
                if e.base != NULL:
                    e.base += field.offset
                following = exi_types[field.content].start
                count = 0
            elif field.kind == EXI_END:
                e.depth -= 1
                level = &e.frames[e.depth]
                following = level.state
                count = level.count
                e.base = level.base
            else:
                failure = encode_simple(e, field)
        if failure:
            e.field = production.field
            return failure
        if e.depth == 0:
            return OK
        e.entry += 1
        current = following


# Encode a whole stream; the source has been set. Octets written, or minus what went wrong.
cdef int64_t encode_stream(encoder *e, uint8_t *to, int64_t capacity, int root, bint fragment) noexcept nogil:
    cdef int start = exi_roots[root].fragment if fragment else exi_roots[root].document
    cdef const exi_state *state = &exi_states[start]
    cdef int failure
    start_writing(&e.bits, to, capacity)
    e.depth = e.field = 0
    e.entry = 0
    put(&e.bits, EXI_HEADER, 8)
    failure = encode_element(e, start)
    if failure:
        return -failure
    if fragment:
        put(&e.bits, state.n - 1, state.width)
    if e.bits.filled:
        put(&e.bits, 0, 8 - e.bits.filled)
    return -NO_SPACE if e.bits.full else e.bits.at - to
