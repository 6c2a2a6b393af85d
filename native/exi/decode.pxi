# The decoder: one walk over the grammar with two sinks, a tape of values for Python and the C struct of a loop message.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from bits cimport bit_reader, copy_octets, exi_load_word, exi_store_word, exi_width, peek, start_reading, word_at
from tables cimport *

cdef extern from *:
    """
    #define HIGH_BIT UINT64_C(0x8000000000000000)
    #define HIGH_BITS UINT64_C(0x8080808080808080)
    #define SPACES UINT64_C(0x2020202020202020)
    """
    const uint64_t HIGH_BIT    # of a word
    const uint64_t HIGH_BITS   # of its octets
    const uint64_t SPACES

cdef enum:
    MAX_DEVIATIONS = 16
    MAX_GROUPS = 10       # of seven bits, in a 64-bit integer
    MAX_BIG_GROUPS = 512  # in an integer without limits; serial numbers have 23
    FIRST_ENTRIES = 512
    MAX_FLAT_ENTRIES = 16
    MAX_WIDTH = 7         # of an event code; above that stands how often a state's first production may be taken

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

ctypedef struct decoder "exi_decoder":
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
    LENGTH, ILLEGAL_CHARACTER, PADDING, TRAILING, ABSTRACT, RANGE


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


cdef inline void put_entry(decoder *d, int field, int64_t value) noexcept nogil:
    d.tape[d.entries].field = <uint16_t>field
    d.tape[d.entries].value = value
    d.entries += 1


cdef inline int append(decoder *d, int field, uint32_t n, int64_t value) noexcept nogil:
    if d.entries == d.tape_capacity and grow_tape(d):
        return NO_MEMORY
    d.tape[d.entries].n = n
    put_entry(d, field, value)
    return OK


# Find where a field stands in its struct, and note there that it has come; NULL if the struct has no place for it.
# Every field of a type that has a struct is in the table.
cdef inline const exi_place *place(uint8_t *base, int number) noexcept nogil:
    cdef const exi_place *found = &exi_places[number]
    if found.offset == EXI_NOWHERE:
        return NULL
    if found.presence != EXI_NOWHERE:
        base[found.presence] = <uint8_t>found.present
    return found


cdef inline void store(uint8_t *to, int64_t value, bint wide) noexcept nogil:
    if wide:
        (<int64_t *>to)[0] = value
    else:
        (<int32_t *>to)[0] = <int32_t>value


cdef inline int keep_number(decoder *d, int number, const exi_field *field, int64_t value) noexcept nogil:
    cdef const exi_place *found
    if d.base == NULL:
        return append(d, number, 0, value)
    found = place(d.base, number)
    if found == NULL:
        return NOT_MINE
    store(d.base + found.offset, value, field.flags & EXI_WIDE)
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


cdef inline int decode_number(decoder *d, int number, const exi_field *field) noexcept nogil:
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
        if d.side_n == start + MAX_BIG_GROUPS:
            return TOO_LONG_INTEGER
        octet = <uint8_t>(peek(&d.bits) >> 56)
        d.bits.at += 8
        d.side[d.side_n] = octet & 0x7F
        d.side_n += 1
    return append(d, number, <uint32_t>(d.side_n - start) | negative << 31, start)


cdef inline int decode_octets(decoder *d, int number, const exi_field *field) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef uint64_t n = 0
    cdef int64_t written
    cdef int failure = read_unsigned(&d.bits, &n)
    cdef const exi_place *found = NULL
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
        found = place(d.base, number)
        if d.deviations_n or found == NULL:
            return NOT_MINE
        to = d.base + found.offset + 2
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
        (<uint16_t *>(d.base + found.offset))[0] = <uint16_t>written
        return OK
    d.side_n += written
    return append(d, number, <uint32_t>written, to - d.side)


# Tell whether octets are ASCII without control characters.
cdef inline bint plain_text(const uint8_t *text, int64_t n) noexcept nogil:
    cdef uint64_t odd = 0
    cdef uint64_t word
    while n >= 8:
        word = exi_load_word(text)
        odd |= word | word - SPACES
        text += 8
        n -= 8
    while n > 0:
        word = text[0]
        odd |= word | word - 0x20
        text += 1
        n -= 1
    return not odd & HIGH_BITS


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


# Decode a value that is no SMALL one in an element, with the events around it. An empty string or binary may also be written as the end of the
# element out of turn: an escape and three bits.
cdef int decode_simple "exi_decode_simple"(decoder *d, int number, const exi_field *field) noexcept nogil:
    cdef int failure
    cdef uint64_t word
    cdef uint64_t value
    if not field.flags & EXI_BARE and field.kind != EXI_REFUSED:
        word = peek(&d.bits)
        if word >> 63:
            if word >> 60 != 8 or (field.kind != EXI_STRING and field.kind != EXI_BINARY):
                return SECOND_LEVEL
            d.bits.at += 4
            if exi_values[field.content].low:
                deviate(d, LENGTH)
            if d.base == NULL:
                return append(d, number, 0, d.side_n)
            return NOT_MINE
        d.bits.at += 1
    if field.kind == EXI_SMALL:
        value = peek(&d.bits) >> (64 - field.bits)
        d.bits.at += field.bits
        if value > exi_values[field.content].span:
            return OUT_OF_RANGE
        return keep_number(d, number, field, <int64_t>value + exi_values[field.content].low)
    if field.kind == EXI_REFUSED:
        return NOT_TAKEN
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


# Read up to three groups of seven bits from the bits at hand; returns how many bits, or -1 if that is not enough. `before`
# has what comes before them: zeros, and as its last bit the sign of an INTEGER. If that is set, the groups are inverted.
cdef inline int short_number(uint64_t word, uint64_t before, int kind, uint64_t *value) noexcept nogil:
    cdef uint64_t result
    cdef int taken = 8
    if before > (kind == EXI_INTEGER):
        return -1
    result = -before
    result ^= word >> 56 & 0x7F
    if word >> 63:
        result ^= (word >> 48 & 0x7F) << 7
        taken = 16
        if word >> 55 & 1:
            result ^= (word >> 40 & 0x7F) << 14
            taken = 24
            if word >> 47 & 1:
                return -1
    value[0] = result
    return taken


# Take a type of a few numbers in one go from the bits at hand; returns how many bits, or -1 if it has to go the long way.
cdef inline int decode_flat(decoder *d, const exi_flat *item, uint8_t *base, uint64_t word) noexcept nogil:
    cdef uint64_t value
    cdef int used = 0
    cdef int taken
    while True:
        value = word >> (-item.bits & 63)
        word <<= item.bits
        used += item.bits
        if item.kind == EXI_SMALL:
            if value > item.span:
                return -1
            value += <uint64_t>item.low
            if base != NULL:
                (<int32_t *>(base + item.offset))[0] = <int32_t>value
        elif item.kind == EXI_END:
            return used if value == 0 else -1
        else:
            taken = short_number(word, value, item.kind, &value)
            if taken < 0 or not in_range(item.field, value):
                return -1
            used += taken
            word <<= taken
            if base != NULL:
                store(base + item.offset, <int64_t>value, exi_fields[item.field].flags & EXI_WIDE)
        if base == NULL:
            put_entry(d, item.field, <int64_t>value)
        elif item.presence != EXI_NOWHERE:
            base[item.presence] = 1
        item += 1


cdef inline bint in_range(int number, uint64_t value) noexcept nogil:
    cdef const exi_value *limits = &exi_values[exi_fields[number].content]
    return value - <uint64_t>limits.low <= limits.span


# Read an element of a type of a few numbers; returns how many bits it took, or -1 if it has to go the long way.
cdef inline int decode_whole(decoder *d, int number, uint8_t *base, uint64_t word) noexcept nogil:
    cdef const exi_flat *items = &exi_flats[exi_fields[number].bits]
    cdef const exi_place *found
    cdef int64_t entries = d.entries
    cdef int used
    if base != NULL:
        found = place(base, number)
        if found == NULL:
            return -1
        base += found.offset
        if exi_fields[number].flags & EXI_CLEAR:
            exi_store_word(base, 0)
        return decode_flat(d, items, base, word)
    if entries + MAX_FLAT_ENTRIES > d.tape_capacity and grow_tape(d):
        return -1
    put_entry(d, number, 0)
    used = decode_flat(d, items, NULL, word)
    if used < 0:
        d.entries = entries
        return -1
    put_entry(d, EXI_END_FIELD, 0)
    return used


# Decode one element and all that is in it; its event code has been read.
cdef int decode_element "exi_decode_element"(decoder *d, int number) noexcept nogil:
    cdef const exi_state *state
    cdef const exi_production *production
    cdef const exi_field *field
    cdef const exi_value *limits
    cdef const uint8_t *octets = d.bits.octets
    cdef int64_t last = d.bits.last
    cdef int64_t end = d.bits.end
    cdef frame *level = d.frames
    cdef uint8_t *base = d.base
    cdef int64_t at = d.bits.at
    cdef uint64_t word = peek(&d.bits)
    cdef uint64_t value
    cdef const exi_place *found
    cdef unsigned int code
    cdef int width
    cdef int used
    cdef int current = 0
    cdef int count = 0
    cdef int failure = OK
    while True:
        # The field `number` comes; `word` has the bits from `at` on, and `current` is the state after it.
        field = &exi_fields[number]
        if field.kind == EXI_SMALL and not field.flags & EXI_BARE:
            limits = &exi_values[field.content]
            value = word >> (62 - field.bits)
            if value & 1 or value >> 1 > limits.span:
                failure = odd_small(d, number, field, value, at)
            else:
                failure = keep_number(d, number, field, <int64_t>(value >> 1) + limits.low)
            at += field.bits + 2
        elif field.kind == EXI_COMPLEX:
            used = decode_whole(d, number, base, word) if field.bits else -1
            if used >= 0:
                at += used
            else:
                level.state = <uint16_t>current
                level.field = <uint16_t>number
                level.count = <uint16_t>count
                level.base = base
                level += 1
                current = field.content
                count = 0
                if field.flags & EXI_ABSTRACT:
                    d.bits.at = at
                    deviate(d, ABSTRACT)
                if base == NULL:
                    failure = append(d, number, 0, 0)
                else:
                    found = place(base, number)
                    if found == NULL:
                        failure = NOT_MINE
                    else:
                        base += found.offset
                        d.base = base
                        if field.flags & EXI_CLEAR:
                            exi_store_word(base, 0)
        elif field.kind == EXI_END:
            level -= 1
            current = level.state
            count = level.count
            base = d.base = level.base
            if base == NULL:
                failure = append(d, EXI_END_FIELD, 0, 0)
        else:
            used = -1
            if field.kind <= EXI_INTEGER:
                width = 1 + (field.kind == EXI_INTEGER)
                used = short_number(word << width, word >> (-width & 63), field.kind, &value)
            if used >= 0 and not field.flags & EXI_BARE and in_range(number, value) and word << (width + used) < HIGH_BIT:
                at += width + used + 1
                failure = keep_number(d, number, field, <int64_t>value)
            else:
                d.bits.at = at
                failure = decode_simple(d, number, field)
                at = d.bits.at
        if failure or at > end:
            break
        if level == d.frames:
            d.bits.at = at
            return OK
        state = &exi_states[current]
        production = &exi_productions[state.first]
        width = state.width
        if width <= MAX_WIDTH:
            word = word_at(octets, last, at)
            code = <unsigned int>(word >> (-width & 63))
            word <<= width
            at += width
            # Branching on the most frequent code, rather than always adding it, lets the processor run ahead of the bits.
            if code:
                if code >= state.n:
                    failure = no_production(state.n, code)
                    break
                production += code
            number = production.field
            current = production.next
        else:
            d.bits.at = at
            count = counted_production(d, &current, count, &number)
            if count < 0:
                failure = -count
                break
            at = d.bits.at
            word = peek(&d.bits)
    d.bits.at = at
    d.field = number
    d.depth = <int>(level - d.frames)
    # What looks wrong in the zeros behind the end is only that the stream is too short.
    return TRUNCATED if at > end and failure != NOT_MINE else failure


cdef int no_production(unsigned int n, unsigned int code) noexcept nogil:
    return SECOND_LEVEL if code == n else NO_SUCH_CODE


# Read the event code in a state that is sparse, or that has a production which may be taken a limited number of times.
# Returns how often it has been taken since the state was entered, or minus what is wrong.
cdef int counted_production(decoder *d, int *current, int count, int *number) noexcept nogil:
    cdef const exi_state *state = &exi_states[current[0]]
    cdef const exi_production *production = &exi_productions[state.first]
    cdef int repeat = state.width >> 3
    cdef unsigned int n = state.n if repeat != EXI_SPARSE else production.field
    cdef unsigned int code = <unsigned int>(peek(&d.bits) >> (64 - exi_width(n)))
    d.bits.at += exi_width(n)
    if code >= n:
        return -no_production(n, code)
    production = sparse_production(production, code) if repeat == EXI_SPARSE else production + code
    if production == NULL:
        return -NOT_TAKEN
    number[0] = production.field
    if repeat != EXI_SPARSE and code == 0 and count + 1 < exi_repeats[repeat]:
        return count + 1
    current[0] = production.next
    return 0


# A number outside its range, though not outside its bits, is taken for what it says: a car plans with four phases.
cdef int odd_small(decoder *d, int number, const exi_field *field, uint64_t value, int64_t at) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    if value & 1 or value >> (field.bits + 1):
        return SECOND_LEVEL
    if exi_pythons[field.content].kind != EXI_PLAIN or d.base != NULL:
        return OUT_OF_RANGE
    d.bits.at = at
    deviate(d, RANGE)
    return append(d, number, 0, <int64_t>(value >> 1) + limits.low)


# A sparse state has before each production one that has its event code in the place of a field.
cdef const exi_production *sparse_production(const exi_production *production, unsigned int code) noexcept nogil:
    production += 1
    while production.field != EXI_STOP:
        if production.field == code:
            return production + 1
        production += 2
    return NULL


# Read the event code of a root element, or the one that ends a fragment; returns n if the stream ends before it.
cdef unsigned int root_code(bit_reader *bits, const exi_start *start) noexcept nogil:
    cdef int width = exi_width(start.n)
    cdef uint64_t code = peek(bits) >> (64 - width)
    bits.at += width
    return <unsigned int>code if bits.at <= bits.end else EXI_STOP


# Decode a whole stream: header, one element, and in a fragment the code that ends it.
cdef int decode_stream(decoder *d, const uint8_t *exi, int64_t n, int root, bint fragment) noexcept nogil:
    cdef const exi_start *start = &exi_roots[root].start[fragment]
    cdef unsigned int code
    cdef int number
    cdef int failure
    start_reading(&d.bits, exi, n)
    d.entries = d.side_n = d.deviations_n = d.depth = d.field = 0
    if n == 0:
        return TRUNCATED
    if exi[0] != EXI_HEADER:
        return BAD_HEADER
    d.bits.at = 8
    code = root_code(&d.bits, start)
    if code >= start.n:
        return TRUNCATED if code == EXI_STOP else no_production(start.n, code)
    number = exi_root_fields[start.first + code]
    failure = decode_element(d, number) if d.base == NULL or number < EXI_PLACES_N else NOT_MINE
    if failure:
        return failure
    if fragment:
        code = root_code(&d.bits, start)
        if code + 1 != start.n:
            return TRUNCATED if code == EXI_STOP else NOT_TAKEN
    return check_rest(d)


# Look at what follows the message: zero bits up to the end of the octet, and then nothing.
cdef int check_rest(decoder *d) noexcept nogil:
    if d.bits.at & 7:
        if peek(&d.bits) >> (56 + (d.bits.at & 7)):
            deviate(d, PADDING)
        d.bits.at = (d.bits.at | 7) + 1
    if d.bits.at < d.bits.end:
        deviate(d, TRAILING)
    return OK
