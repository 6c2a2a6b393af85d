# The decoder's walk over the grammar.
# Take a type of a few numbers in one go from the bits at hand; returns how many, or -1 if it has to go the long way.
cdef inline int decode_flat(decoder *d, const exi_flat *item, uint8_t *base, uint64_t word) noexcept nogil:
    cdef uint64_t value
    cdef uint32_t offset
    cdef int used = 0
    cdef int taken
    while True:
        word = exi_rotate(word, item.bits)
        used += item.bits
        offset = <uint32_t>word & item.mask
        if item.kind != EXI_SMALL:
            if item.kind == EXI_END:
                break
            if offset > <uint32_t>(item.kind & EXI_INTEGER) >> 1:
                return -1
            taken = short_number(word, &value)
            if taken < 0:
                return -1
            used += taken
            word = exi_rotate(word, taken)
            offset = (<uint32_t>value ^ -offset) - <uint32_t>item.low
        if offset > item.span:
            return -1
        offset += <uint32_t>item.low
        if base == NULL:
            put_entry(d, item.field, <int32_t>offset)
        else:
            store(base + item.offset, <int32_t>offset, item.kind >= EXI_FLAT_WIDE)
        item += 1
    if base != NULL and item.span:
        (<uint32_t *>base)[0] = EXI_ALL_PRESENT
    return used if offset == 0 else -1


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
    elif entries + MAX_FLAT_ENTRIES > d.tape_capacity and grow_tape(d):
        return -1
    else:
        put_entry(d, number, 0)
    used = decode_flat(d, items, base, word)
    if base == NULL:
        if used < 0:
            d.entries = entries
        else:
            put_entry(d, EXI_END_FIELD, 0)
    return used


# Begin an element in the sink.
cdef inline int begin "exi_begin"(decoder *d, int number, const exi_field *field, int64_t at) noexcept nogil:
    cdef const exi_place *found
    cdef int word
    if field.flags & EXI_ABSTRACT:
        d.bits.at = at
        deviate(d, ABSTRACT)
    if d.base == NULL:
        return append(d, number, 0, 0)
    found = place(d.base, number)
    if found == NULL:
        return NOT_MINE
    d.base += found.offset
    if field.flags & EXI_CLEAR:
        exi_store_word(d.base, 0)
        for word in range(field.flags >> EXI_CLEAR_SHIFT):
            exi_store_word(d.base + 8 * (word + 1), 0)
    return OK


# Decode a SMALL value and the events around it from the bits at hand, which begin at `at`.
cdef inline int decode_small "exi_decode_small"(
    decoder *d, int number, const exi_field *field, uint64_t word, int64_t at
) noexcept nogil:
    cdef const exi_value *limits = &exi_values[field.content]
    cdef uint64_t value = word >> (62 - field.bits)
    if value & 1 or value >> 1 > limits.span:
        return odd_small(d, number, field, value, at)
    return keep_number(d, number, field, <int64_t>(value >> 1) + limits.low)


# Decode one element and all that is in it; its event code has been read.
cdef int decode_element "exi_decode_element"(decoder *d, int number) noexcept nogil:
    cdef const exi_state *state
    cdef const exi_production *production
    cdef const exi_field *field
    cdef const uint8_t *octets = d.bits.octets
    cdef int64_t last = d.bits.last
    cdef int64_t end = d.bits.end
    cdef frame *level = d.frames
    cdef uint8_t *base = d.base
    cdef int64_t at = d.bits.at
    cdef uint64_t word = peek(&d.bits)
    cdef uint64_t value
    cdef unsigned int code
    cdef int width, used
    cdef int current = 0, count = 0, failure = OK
    cdef choice chosen
    while True:
        # The field `number` comes; `word` has the bits from `at` on, and `current` is the state after it.
        field = &exi_fields[number]
        if field.kind == EXI_COMPLEX:
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
                failure = begin(d, number, field, at)
                if failure:
                    break
                base = d.base
        elif field.kind == EXI_END:
            level -= 1
            current = level.state
            count = level.count
            base = d.base = level.base
            if base == NULL and append(d, EXI_END_FIELD, 0, 0):
                failure = NO_MEMORY
                break
        else:
            failure = SECOND_LEVEL
            if field.kind == EXI_SMALL and not field.flags & EXI_BARE:
                failure = decode_small(d, number, field, word, at)
                at += field.bits + 2
            else:
                used = -1
                if field.kind <= EXI_INTEGER:
                    width = 1 + (field.kind == EXI_INTEGER)
                    used = short_number(word << width, &value)
                if used >= 0 and field.kind == EXI_INTEGER and word & (HIGH_BIT >> 1):
                    value = ~value
                if used >= 0 and not word & HIGH_BIT and not field.flags & EXI_BARE and in_range(number, value) \
                        and word << (width + used) < HIGH_BIT:
                    at += width + used + 1
                    failure = keep_number(d, number, field, <int64_t>value)
                else:
                    d.bits.at = at
                    failure = decode_simple(d, number, field)
                    at = d.bits.at
            if failure:
                break
        state = &exi_states[current]
        width = state.width
        if width <= MAX_WIDTH:
            production = &exi_productions[state.first]
            # Only the last octets need to be looked at for the end of the stream.
            if at >> 3 > last and at > end:
                break
            word = word_at(octets, last, at)
            code = <unsigned int>(word >> (-width & 63))
            word <<= width
            at += width
            # Branching on the most frequent code, rather than always adding it, lets the processor run ahead.
            if code:
                if code >= state.n:
                    failure = no_production(state.n, code)
                    number = EXI_END_FIELD
                    break
                production += code
            number = production.field
            current = production.next
        else:
            d.bits.at = at
            if at > end:
                break
            if current == NO_STATE:
                return OK
            chosen.state = current
            chosen.number = EXI_END_FIELD
            count = counted_production(d, &chosen, count)
            current = chosen.state
            number = chosen.number
            at = d.bits.at
            if count < 0:
                failure = -count
                break
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
cdef int counted_production(decoder *d, choice *chosen, int count) noexcept nogil:
    cdef const exi_state *state = &exi_states[chosen.state]
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
    chosen.number = production.field
    if repeat != EXI_SPARSE and code == 0 and count + 1 < exi_repeats[repeat]:
        return count + 1
    chosen.state = production.next
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
