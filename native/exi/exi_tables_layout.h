/* The shape of the grammar tables; the rows are generated. */
#ifndef FASTSECC_EXI_TABLES_LAYOUT_H
#define FASTSECC_EXI_TABLES_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "exi_api.h"

enum exi_kind {
    EXI_SMALL,
    EXI_UNSIGNED,
    EXI_INTEGER,
    EXI_BINARY,
    EXI_STRING,
    EXI_BIG,
    EXI_COMPLEX,
    EXI_END,
    EXI_REFUSED,
};

enum { EXI_PLAIN, EXI_BOOL, EXI_ENUM };

enum exi_flags { EXI_BARE = 1, EXI_REPEATED = 2, EXI_WIDE = 4, EXI_ABSTRACT = 8, EXI_CLEAR = 16 };
#define EXI_CLEAR_SHIFT 5 /* above it: how many words are to be cleared beyond the first */

/* Field 0 is the end of an element, field 1 what is refused. */
enum { EXI_END_FIELD, EXI_REFUSED_FIELD };

#define EXI_NOWHERE INT16_MIN
#define EXI_ALWAYS 0xFF
#define EXI_STOP 0xFFFF
#define EXI_SPARSE 31
#define EXI_FLAT_WIDE 16

typedef struct {
    uint16_t first; /* production of event code 0 */
    uint8_t n;      /* productions; code n is the escape to the second level */
    uint8_t width;  /* bits of the event code (3 bits); above that, EXI_SPARSE or which of exi_repeats tells how often
                     * production 0 keeps this state */
} exi_state;

typedef struct {
    uint16_t field; /* in a sparse state first the number of productions, then before each one its event code */
    uint16_t next;  /* state */
} exi_production;

typedef struct {
    uint8_t kind;
    uint8_t bits; /* of a SMALL value; of a COMPLEX one the first of the items it may be taken by, 0: none */
    uint8_t flags;
    uint8_t slot;     /* index among the fields of the Python class */
    uint16_t content; /* value, or the state at the start of a COMPLEX one */
    uint16_t name;    /* offset in the unpacked exi_names */
} exi_field;

/* Where a field stands in its C struct; fields with higher numbers than there are places have none. */
typedef struct {
    int16_t offset;   /* from the struct of the element that it is in; a header stands before its message */
    uint8_t presence; /* offset of the octet that tells whether it is there */
    uint8_t present;  /* its value when it is */
} exi_place;

typedef struct {
    int64_t low;   /* smallest value, or shortest length */
    uint64_t span; /* how many more are allowed */
} exi_value;

/* What a value is in Python; name and module are of an enumeration. */
typedef struct {
    uint16_t name;
    uint8_t module;
    uint8_t kind;
} exi_python;

/* Sorted by start state. */
typedef struct {
    uint16_t start; /* state */
    uint16_t first; /* field */
    uint16_t name;  /* of the Python class */
    uint8_t module;
    uint8_t n; /* fields */
} exi_type;

/* A type of a few numbers, taken in one go: zero bits and a number an item, zero bits alone in the END item. */
typedef struct {
    uint8_t kind; /* enum exi_kind, and EXI_FLAT_WIDE if it has 64 bits in the struct */
    uint8_t bits; /* zeros, the sign of an INTEGER, a SMALL value */
    uint16_t field;
    uint32_t span; /* in the END item, the octets at the start of the struct that say what is there */
    int32_t low;
    uint16_t offset;
    uint16_t mask; /* as many ones as there are bits */
} exi_flat;

/* All that a flat type may have is there. */
#define EXI_ALL_PRESENT 0x01010101u
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EXI_FIRST_OCTETS(n) ((uint32_t)((UINT64_C(1) << 8 * (n)) - 1))
#else
#define EXI_FIRST_OCTETS(n) ((uint32_t) ~((UINT64_C(1) << (32 - 8 * (n))) - 1))
#endif

/* The elements that a stream may start with, in the order of their event codes. */
typedef struct {
    uint16_t first; /* in exi_root_fields */
    uint16_t n;
} exi_start;

typedef struct {
    exi_start start[2]; /* of a document, of a fragment */
} exi_root;

/* Where a message of the charge loop is in the grammar. */
typedef struct {
    uint8_t root;     /* enum exi_protocol */
    uint8_t document; /* event code of the document's element: the envelope, if there is one */
    uint8_t body;     /* event code in the envelope's Body */
} exi_loop;

#endif
