# The encoder: one walk over the grammar with two sources, a tape of values and the C struct of a loop message.
from bits cimport bit_writer, exi_load_word, exi_store_word, exi_width, put, start_writing
from libc.stdint cimport uintptr_t

# A value to encode. Strings and binaries are where `value` points to.
ctypedef struct encoder "exi_encoder":
    bit_writer bits
    const uint8_t *base   # struct of the current element; NULL: the source is the tape
    const tape_entry *tape
    int64_t entry         # of the tape: the next one, or where encoding failed
    const uint8_t *side
    int depth
    int field             # where encoding failed
    frame frames[EXI_MAX_DEPTH]

cdef enum:
    MAX_SCANNED = 16      # productions of a state; only a Body has more, and the kind of the message tells which it takes
    MAX_PENDING = 9       # bits of event codes that wait to be written with what follows; a flat type leaves that much
    MISSING = 32, NOT_ALLOWED, TOO_MANY, NO_SPACE, BAD_VALUE


# Write groups of seven bits, the lowest first, behind the `n` bits of `before`, at most 16.
cdef inline void put_unsigned(bit_writer *bits, uint64_t before, int n, uint64_t value) noexcept nogil:
    while value >= 0x80:
        before = before << 8 | 0x80 | (value & 0x7F)
        value >>= 7
        n += 8
        if n > 40:
            put(bits, before, n)
            before = 0
            n = 0
    put(bits, before << 8 | value, n + 8)


# Write octets; the caller has made sure that there is space for them.
cdef inline void put_octets(bit_writer *bits, const uint8_t *octets, int64_t n) noexcept nogil:
    cdef uint64_t word
    while n >= 8:
        word = exi_load_word(octets)
        exi_store_word(bits.at, bits.bits | word >> bits.filled)
        bits.bits = word << 1 << (63 - bits.filled)
        bits.at += 8
        octets += 8
        n -= 8
    while n > 0:
        put(bits, octets[0], 8)
        octets += 1
        n -= 1


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
        put_unsigned(bits, 0, 0, point)


cdef int64_t count_characters(const uint8_t *text, int64_t n) noexcept nogil:
    cdef int64_t i
    cdef int64_t count = n
    if is_ascii(text, n):
        return n
    for i in range(n):
        count -= (text[i] & 0xC0) == 0x80
    return count


cdef inline bint is_ascii(const uint8_t *text, int64_t n) noexcept nogil:
    cdef uint64_t high = 0
    while n >= 8:
        high |= exi_load_word(text)
        text += 8
        n -= 8
    while n > 0:
        high |= text[0]
        text += 1
        n -= 1
    return not high & HIGH_BITS


# An integer of any size, from groups of seven bits.
cdef void put_big(bit_writer *bits, const uint8_t *groups, uint32_t n) noexcept nogil:
    cdef uint32_t i
    put(bits, n >> 31, 1)
    n &= 0x7FFFFFFF
    for i in range(n):
        put(bits, groups[i] | (0x80 if i + 1 < n else 0), 8)


cdef inline int64_t load(const uint8_t *source, bint wide) noexcept nogil:
    if wide:
        return (<const int64_t *>source)[0]
    return (<const int32_t *>source)[0]


cdef inline int64_t number_of(const encoder *e, int number) noexcept nogil:
    if e.base == NULL:
        return e.tape[e.entry].value
    return load(e.base + exi_places[number].offset, exi_fields[number].flags & EXI_WIDE)


cdef inline int encode_octets(encoder *e, int number, const exi_field *field, uint64_t code, int width) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef const uint8_t *octets
    cdef int64_t n
    cdef int64_t length
    if e.base == NULL:
        n = e.tape[e.entry].n
        octets = <const uint8_t *><uintptr_t>e.tape[e.entry].value
    else:
        octets = e.base + exi_places[number].offset
        n = (<const uint16_t *>octets)[0]
        octets += 2
        if n > limits.low + <int64_t>limits.span:
            return BAD_VALUE
    length = n
    if field.kind == EXI_STRING:
        length = count_characters(octets, n)
    if e.bits.last - e.bits.at < n:
        return NO_SPACE
    put_unsigned(&e.bits, code, width, <uint64_t>length + 2 * (field.kind == EXI_STRING))
    if length == n:
        put_octets(&e.bits, octets, n)
    else:
        put_characters(&e.bits, octets, n)
    return OK


cdef inline int encode_number(encoder *e, int number, const exi_field *field, uint64_t code, int width) noexcept nogil:
    cdef int64_t value = number_of(e, number)
    if not in_range(number, <uint64_t>value):
        return BAD_VALUE
    if field.kind == EXI_SMALL:
        put(&e.bits, code << field.bits | <uint64_t>(value - exi_values[field.content].low), width + field.bits)
        return OK
    if field.kind == EXI_INTEGER:
        code = code << 1 | <uint64_t>value >> 63
        width += 1
        if value < 0:
            value = ~value
    put_unsigned(&e.bits, code, width, <uint64_t>value)
    return OK


# Encode a value behind the event codes before it.
cdef int encode_simple "exi_encode_simple"(encoder *e, int number, const exi_field *field, uint64_t code, int width) \
        noexcept nogil:
    if field.kind <= EXI_INTEGER:
        return encode_number(e, number, field, code, width)
    if field.kind == EXI_BIG:
        put(&e.bits, code, width)
        put_big(&e.bits, <const uint8_t *><uintptr_t>e.tape[e.entry].value, e.tape[e.entry].n)
        return OK
    return encode_octets(e, number, field, code, width)


# Write a type of a few numbers in one go behind the `n` bits of `word`, if it has all of them and none is too large;
# otherwise nothing is written and it has to go the long way. `taped` is a constant, so that each source has its loop.
cdef inline bint encode_flat "exi_encode_flat"(
    encoder *e, bit_writer *bits, int number, uint64_t word, int n, bint taped
) noexcept nogil:
    cdef const exi_flat *item = &exi_flats[exi_fields[number].bits]
    cdef const tape_entry *entry = e.tape
    cdef const uint8_t *base = e.base
    cdef int64_t value
    if taped:
        entry += e.entry
    else:
        base += exi_places[number].offset
    while True:
        word <<= item.bits
        n += item.bits
        if taped:
            entry += 1
            if entry.field != item.field:
                return False
            value = entry.value
        else:
            value = (<const int32_t *>(base + item.offset))[0]
        if item.kind == EXI_SMALL:
            value -= item.low
            if <uint64_t>value > item.span:
                return False
            word |= <uint64_t>value
        elif item.kind == EXI_END:
            if not taped and item.span and ((<const uint32_t *>base)[0] ^ EXI_ALL_PRESENT) & item.span:
                return False
            break
        else:
            if not taped and item.kind >= EXI_FLAT_WIDE:
                value = (<const int64_t *>(base + item.offset))[0]
            if <uint64_t>value - <uint64_t>item.low > item.span:
                return False
            if value < 0:
                word |= 1
                value = ~value
            if value >> 21:
                return False
            while value >= 0x80:
                word = word << 8 | 0x80 | (value & 0x7F)
                value >>= 7
                n += 8
            word = word << 8 | value
            n += 8
        item += 1
    put(bits, word, n)
    if taped:
        e.entry = entry - e.tape
    return True


# Find the production of the next entry of the tape.
cdef inline int production_on_tape(const encoder *e, const exi_production *productions, int n) noexcept nogil:
    cdef int i
    cdef uint16_t wanted = e.tape[e.entry].field
    for i in range(n):
        if productions[i].field == wanted:
            return i
    return -1


# Find the first production whose field is there. The end always is, and what has no place never.
cdef inline int production_in_struct(const uint8_t *base, const exi_production *productions, int n) noexcept nogil:
    cdef int i
    cdef const exi_place *found
    if n > MAX_SCANNED:
        return exi_loops[(<const exi_loop_response *>base).kind - 1].body
    for i in range(n):
        found = &exi_places[productions[i].field]
        if found.presence == EXI_ALWAYS or base[found.presence] == found.present:
            return i
    return -1


# Say why no production fits.
cdef int no_choice(encoder *e, const exi_production *productions, int n) noexcept nogil:
    cdef int wanted
    cdef int last = productions[n - 1].field  # fields are numbered in the schema's order: the next mandatory one
    if e.base != NULL:
        return BAD_VALUE
    wanted = e.tape[e.entry].field
    e.field = wanted
    if wanted == EXI_END_FIELD or (last > EXI_REFUSED_FIELD and wanted > last):
        e.field = last
        return MISSING
    return TOO_MANY if exi_fields[wanted].flags & EXI_REPEATED else NOT_ALLOWED


# Encode one element and all that is in it, beginning with its event code.
cdef int encode_element "exi_encode_element"(encoder *e, int number, uint64_t code, int width) noexcept nogil:
    cdef const exi_state *state
    cdef const exi_production *productions
    cdef const exi_field *field
    cdef const exi_value *limits
    cdef frame *level = e.frames
    cdef bit_writer bits = e.bits
    cdef choice chosen
    cdef uint64_t offset
    cdef int found
    cdef int around
    cdef int more
    cdef int current = 0
    cdef int count = 0
    cdef int failure = OK
    while True:
        # The field `number` comes; `code` has the event codes not yet written, `current` is the state after it.
        field = &exi_fields[number]
        if width > MAX_PENDING:
            put(&bits, code, width)
            code = 0
            width = 0
        if field.kind == EXI_SMALL and not field.flags & EXI_BARE:
            limits = &exi_values[field.content]
            offset = <uint64_t>(number_of(e, number) - limits.low)
            if offset > limits.span:
                failure = BAD_VALUE
                break
            put(&bits, code << (field.bits + 2) | offset << 1, width + field.bits + 2)
            code = 0
            width = 0
        elif field.kind == EXI_COMPLEX:
            if field.bits and (encode_flat(e, &bits, number, code, width, True) if e.base == NULL else
                               encode_flat(e, &bits, number, code, width, False)):
                code = 0
                width = 0
            else:
                level.state = <uint16_t>current
                level.field = <uint16_t>number
                level.count = <uint16_t>count
                level.base = <uint8_t *>e.base
                level += 1
                if e.base != NULL:
                    e.base += exi_places[number].offset
                current = field.content
                count = 0
        elif field.kind == EXI_END:
            level -= 1
            current = level.state
            count = level.count
            e.base = level.base
        else:
            # Around the value of an element are the events of its characters and its end, a zero bit each.
            around = not field.flags & EXI_BARE
            e.bits = bits
            failure = encode_simple(e, number, field, code << around, width + around)
            bits = e.bits
            code = 0
            width = around
            if failure:
                break
        state = &exi_states[current]
        more = state.width
        if more <= MAX_WIDTH:
            productions = &exi_productions[state.first]
            found = 0  # what stands alone is mandatory
            if e.base == NULL:
                e.entry += 1
                found = production_on_tape(e, productions, state.n)
            elif state.n > 1:
                found = production_in_struct(e.base, productions, state.n)
            if found < 0:
                failure = no_choice(e, productions, state.n)
                number = e.field
                break
            productions += found
            code = code << more | <uint64_t>found
            width += more
            number = productions.field
            current = productions.next
        elif current == NO_STATE:
            if width:
                put(&bits, code, width)
            e.bits = bits
            return OK
        else:
            e.entry += 1
            e.bits = bits
            chosen.state = current
            count = choose_counted(e, &chosen, count)
            if count < 0:
                failure = -count
                number = e.field
                break
            code = code << chosen.width | chosen.code
            width += chosen.width
            number = chosen.number
            current = chosen.state
    e.field = number
    e.depth = <int>(level - e.frames)
    return failure


# Choose a production in a state that is sparse, or that has one which may be taken a limited number of times.
# Returns how often it has been taken since the state was entered, or minus what is wrong.
cdef int choose_counted(encoder *e, choice *chosen, int count) noexcept nogil:
    cdef const exi_state *state = &exi_states[chosen.state]
    cdef const exi_production *productions = &exi_productions[state.first]
    cdef int repeat = state.width >> 3
    cdef int n = state.n if repeat != EXI_SPARSE else productions.field
    cdef int found
    if repeat == EXI_SPARSE:
        found = sparse_code(e, productions)
    elif e.base == NULL:
        found = production_on_tape(e, productions, n)
    else:
        found = production_in_struct(e.base, productions, n)
    if found < 0:
        return -no_choice(e, productions, n if repeat != EXI_SPARSE else 3)
    chosen.code = <uint64_t>found
    chosen.width = exi_width(n)
    productions = sparse_production(productions, found) if repeat == EXI_SPARSE else productions + found
    chosen.number = productions.field
    if repeat != EXI_SPARSE and found == 0 and count + 1 < exi_repeats[repeat]:
        return count + 1
    chosen.state = productions.next
    return 0


# Find the event code of the next entry of the tape in a sparse state.
cdef int sparse_code(const encoder *e, const exi_production *production) noexcept nogil:
    production += 1
    while production.field != EXI_STOP:
        if production[1].field == e.tape[e.entry].field:
            return production.field
        production += 2
    return -1


# Encode a whole stream; the source has been set. Octets written, or minus what went wrong.
cdef int64_t encode_stream(encoder *e, uint8_t *to, int64_t capacity, int root, int code, bint fragment) noexcept nogil:
    cdef const exi_start *start = &exi_roots[root].start[fragment]
    cdef int width = exi_width(start.n)
    cdef int failure
    if capacity <= EXI_SLACK:
        return -NO_SPACE
    to[0] = EXI_HEADER
    start_writing(&e.bits, to + 1, capacity - 1)
    e.depth = e.field = 0
    e.entry = 0
    failure = encode_element(e, exi_root_fields[start.first + code], <uint64_t>code, width)
    if failure:
        return -failure
    if fragment:
        put(&e.bits, start.n - 1, width)
    if e.bits.filled:
        put(&e.bits, 0, 8 - e.bits.filled)
    return -NO_SPACE if e.bits.full else e.bits.at - to
