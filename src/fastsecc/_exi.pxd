# What the link needs of the codec: charge-loop messages between EXI and C structs.
from libc.stdint cimport uint8_t


cdef extern from "exi_structs.h" nogil:
    ctypedef struct exi_loop_message:
        uint8_t kind
    ctypedef exi_loop_message exi_loop_request
    ctypedef exi_loop_message exi_loop_response


cdef int exi_decode_loop(const uint8_t *exi, size_t n, int protocol, exi_loop_request *out) noexcept nogil
cdef int exi_encode_loop(const exi_loop_response *message, uint8_t *out, size_t capacity) noexcept nogil
cdef int exi_loop_from_message(object message, exi_loop_response *out) except -1
