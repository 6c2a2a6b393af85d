# Where decoded values go: onto a tape that Python objects are built from, or into the C struct of a loop message.
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport realloc
from libc.string cimport memset

from bits cimport bit_reader, copy_octets, exi_load_word, exi_rotate, exi_store_word, exi_width, peek, start_reading, word_at
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
    NO_STATE = 0          # after the root element; it has a width that no event code has
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

# What was chosen in a state: kept in memory, unlike what the walks have at hand.
ctypedef struct choice:
    int state             # to go on with
    int number            # of the field
    int width             # of the event code
    uint64_t code

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
cdef inline const exi_place *place "exi_place_of"(uint8_t *base, int number) noexcept nogil:
    cdef const exi_place *found = &exi_places[number]
    if found.offset == EXI_NOWHERE:
        return NULL
    if found.presence != EXI_ALWAYS:
        base[found.presence] = found.present
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
