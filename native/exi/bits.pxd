# The bit reader and writer. Both keep 64 bits at hand, most significant first.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t


cdef extern from "exi_words.h" nogil:
    uint64_t exi_load_word(const uint8_t *source)
    void exi_store_word(uint8_t *to, uint64_t word)
    uint64_t exi_rotate(uint64_t word, unsigned int n)
    int exi_width(unsigned int n)


ctypedef struct bit_reader:
    const uint8_t *octets
    int64_t last     # octet where a whole word can still be loaded
    int64_t at       # next bit
    int64_t end      # first bit that is not there
    uint8_t padded[8]


# Start reading; `octets` must stay. Short streams are copied, so that a word can always be loaded.
cdef inline void start_reading(bit_reader *r, const uint8_t *octets, int64_t n) noexcept nogil:
    cdef int64_t i
    r.octets = octets
    r.last = n - 8
    r.at = 0
    r.end = n * 8
    if n < 8:
        for i in range(8):
            r.padded[i] = octets[i] if i < n else 0
        r.octets = r.padded
        r.last = 0


# Return the next bits, at least 57 of them, without taking them; zeros follow the last one. What is taken beyond the
# end shows when `at` is compared with `end`, once for everything that was taken since.
cdef inline uint64_t word_at(const uint8_t *octets, int64_t last, int64_t at) noexcept nogil:
    cdef int64_t octet = at >> 3
    if octet <= last:
        return exi_load_word(octets + octet) << (at & 7)
    at -= last * 8
    return exi_load_word(octets + last) << at if at < 64 else 0


cdef inline uint64_t peek(const bit_reader *r) noexcept nogil:
    return word_at(r.octets, r.last, r.at)


# Copy octets that start at any bit; the caller has made sure that they are there.
cdef inline void copy_octets(bit_reader *r, uint8_t *to, int64_t n) noexcept nogil:
    cdef const uint8_t *octets = r.octets + (r.at >> 3)
    cdef const uint8_t *last = r.octets + r.last - 1
    cdef int shift = r.at & 7
    cdef uint64_t word
    r.at += n * 8
    while n >= 8 and octets <= last:
        exi_store_word(to, (exi_load_word(octets) << shift) | (octets[8] >> (8 - shift)))
        octets += 8
        to += 8
        n -= 8
    r.at -= n * 8
    while n > 0:
        word = peek(r)
        for _ in range(7 if n > 7 else n):
            to[0] = <uint8_t>(word >> 56)
            word <<= 8
            to += 1
            r.at += 8
            n -= 1


ctypedef struct bit_writer "exi_bit_writer":
    uint8_t *at
    uint8_t *last    # where a whole word can still be stored
    uint64_t bits    # not yet complete octet, left-aligned
    unsigned int filled  # how many bits of it, below 8
    bint full


# Start writing; there must be space for a word.
cdef inline void start_writing(bit_writer *w, uint8_t *to, int64_t capacity) noexcept nogil:
    w.at = to
    w.last = to + capacity - 8
    w.bits = 0
    w.filled = 0
    w.full = False


# Write the `n` low bits of `value`, at most 56; the others must be zero.
cdef inline void put "exi_put"(bit_writer *w, uint64_t value, int n) noexcept nogil:
    w.filled += <unsigned int>n
    w.bits |= value << (-w.filled & 63)
    if w.at > w.last:
        w.full = True
        w.at = w.last
    exi_store_word(w.at, w.bits)
    w.at += w.filled >> 3
    w.bits <<= w.filled & 0x38
    w.filled &= 7
