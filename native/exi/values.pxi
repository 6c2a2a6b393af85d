# Values of every kind, from bits to the sinks.
# Read up to three groups of seven bits from the bits at hand; returns how many bits, or -1 if that is not enough.
cdef inline int short_number "exi_short_number"(uint64_t word, uint64_t *value) noexcept nogil:
    cdef uint64_t group = word >> 56
    if group < 0x80:
        value[0] = group
        return 8
    value[0] = group - 0x80
    group = word >> 48 & 0xFF
    if group < 0x80:
        value[0] |= group << 7
        return 16
    value[0] |= (group - 0x80) << 7
    group = word >> 40 & 0xFF
    value[0] |= group << 14
    return 24 if group < 0x80 else -1


cdef inline bint in_range(int number, uint64_t value) noexcept nogil:
    cdef const exi_value *limits = &exi_values[exi_fields[number].content]
    return value - <uint64_t>limits.low <= limits.span


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
    cdef int failure
    cdef const exi_place *found = NULL
    cdef uint8_t *to
    cdef int taken = short_number(peek(&d.bits), &n)
    if taken >= 0:
        d.bits.at += taken
    else:
        failure = read_unsigned(&d.bits, &n)
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


# Decode a value the long way, with the events around it. An empty string or binary may also be written as the end of
# the element out of turn: an escape and three bits.
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
