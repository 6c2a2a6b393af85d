# The grammar tables, as generated.
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t


cdef extern from "exi_tables.h" nogil:
    enum:
        EXI_SMALL, EXI_UNSIGNED, EXI_INTEGER, EXI_BINARY, EXI_STRING, EXI_BIG, EXI_COMPLEX, EXI_END, EXI_REFUSED
        EXI_PLAIN, EXI_BOOL, EXI_ENUM
        EXI_BARE, EXI_REPEATED, EXI_WIDE, EXI_ABSTRACT, EXI_CLEAR, EXI_CLEAR_SHIFT
        EXI_NOWHERE, EXI_ALWAYS, EXI_STOP, EXI_SPARSE, EXI_FLAT_WIDE, EXI_ALL_PRESENT
        EXI_END_FIELD, EXI_REFUSED_FIELD
        EXI_MAX_DEPTH
        EXI_SLACK
        EXI_TYPES_N, EXI_VALUES_N, EXI_ROOTS_N, EXI_PLACES_N, EXI_LOOPS_N
        EXI_LOOP_MAX_OCTETS

    ctypedef struct exi_state:
        uint16_t first
        uint8_t n
        uint8_t width

    ctypedef struct exi_production:
        uint16_t field
        uint16_t next

    ctypedef struct exi_field:
        uint8_t kind
        uint8_t bits
        uint8_t flags
        uint8_t slot
        uint16_t content
        uint16_t name

    ctypedef struct exi_place:
        int16_t offset
        uint8_t presence
        uint8_t present

    ctypedef struct exi_value:
        int64_t low
        uint64_t span

    ctypedef struct exi_python:
        uint16_t name
        uint8_t module
        uint8_t kind

    ctypedef struct exi_type:
        uint16_t start
        uint16_t first
        uint16_t name
        uint8_t module
        uint8_t n

    ctypedef struct exi_flat:
        uint8_t kind
        uint8_t bits
        uint16_t field
        uint32_t span
        int32_t low
        uint16_t offset
        uint16_t mask

    ctypedef struct exi_start:
        uint16_t first
        uint16_t n

    ctypedef struct exi_root:
        exi_start start[2]

    ctypedef struct exi_loop:
        uint8_t root
        uint8_t document
        uint8_t body

    const exi_state exi_states[]
    const exi_production exi_productions[]
    const uint16_t exi_repeats[]
    const exi_field exi_fields[]
    const exi_place exi_places[]
    const exi_value exi_values[]
    const exi_python exi_pythons[]
    const exi_type exi_types[]
    const exi_flat exi_flats[]
    const uint16_t exi_root_fields[]
    const exi_loop exi_loops[]
    const exi_root exi_roots[]
    const uint16_t exi_modules[]
    const uint8_t exi_names[]     # packed by zlib
