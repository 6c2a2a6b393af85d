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

enum exi_python { EXI_PLAIN, EXI_BOOL, EXI_ENUM };

enum exi_flags { EXI_BARE = 1, EXI_REPEATED = 2, EXI_WIDE = 4, EXI_ABSTRACT = 8 };

#define EXI_NOWHERE 0xFFFF

typedef struct {
    uint16_t first; /* production of event code 0 */
    uint16_t n;     /* productions; code n is the escape to the second level */
    uint16_t repeat; /* how often production 0 keeps this state; 0: never */
    uint16_t width; /* bits of the event code */
} exi_state;

typedef struct {
    uint16_t field;
    uint16_t next; /* state */
} exi_production;

typedef struct {
    uint8_t kind;
    uint8_t bits; /* of a SMALL value */
    uint8_t flags;
    uint8_t slot;      /* index among the fields of the Python class */
    uint16_t content;  /* value, or type of a COMPLEX one */
    uint16_t name;     /* offset in exi_names */
    uint16_t offset;   /* in the C struct */
    uint16_t presence; /* offset of the octet that tells whether it is there */
    uint16_t present;  /* its value when it is */
} exi_field;

typedef struct {
    int64_t low;    /* smallest value, or shortest length */
    uint64_t span;  /* how many more are allowed */
    uint16_t name;  /* of an enumeration */
    uint8_t module; /* of an enumeration */
    uint8_t python;
} exi_value;

typedef struct {
    uint16_t start; /* state */
    uint16_t first; /* field */
    uint16_t n;     /* fields */
    uint16_t name;  /* of the Python class */
    uint16_t module;
} exi_type;

typedef struct {
    uint16_t name;
    uint16_t document; /* state */
    uint16_t fragment; /* state */
    uint16_t envelope; /* field, 0: none */
} exi_root;

#endif
