# Python messages onto the tape.

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size)
    void PyErr_Clear()
    long long PyLong_AsLongLongAndOverflow(object number, int *overflow) except? -1
    unsigned long long PyLong_AsUnsignedLongLongMask(object number) except? 0xFFFFFFFFFFFFFFFF

# What a message is written to; `octets` is the sum of all strings and binaries.
ctypedef struct flattening:
    decoder tape
    int64_t octets


cdef int refuse(flattening *f, int number, str reason, object value) except -1:
    raise EncodeError(slot_path(f.tape.frames, f.tape.depth, number), f"{reason}: {value!r}")


cdef int note(flattening *f, int number, uint32_t n, int64_t value) except -1:
    if append(&f.tape, number, n, value):
        raise MemoryError
    return 0


# Write a string or binary. One that is too short is let through, as other codecs do: what has been decoded and
# flagged can be encoded again.
cdef int note_octets(flattening *f, int number, const char *octets, Py_ssize_t n, list keep, object owner) except -1:
    cdef const exi_value *limits = &exi_values[exi_fields[number].content]
    cdef Py_ssize_t length = len(owner)
    if length > <int64_t>(limits.low + limits.span) and limits.span != NO_LIMIT:
        return refuse(f, number, "length is more than the schema allows", length)
    keep.append(owner)
    f.octets += n
    return note(f, number, <uint32_t>n, <int64_t><uintptr_t>octets)


cdef int flatten_text(flattening *f, int number, object value, list keep) except -1:
    cdef Py_ssize_t n = 0
    cdef const char *text
    if not isinstance(value, str):
        return refuse(f, number, "not a string", value)
    text = PyUnicode_AsUTF8AndSize(value, &n)
    if text == NULL:
        PyErr_Clear()
        return refuse(f, number, "surrogates are no characters", value)
    return note_octets(f, number, text, n, keep, value)


cdef int flatten_big(flattening *f, int number, object value, list keep) except -1:
    cdef uint32_t negative = value < 0
    cdef uint8_t groups[MAX_BIG_GROUPS]
    cdef int n = 0
    if negative:
        value = -1 - value
    while value or n == 0:
        if n == MAX_BIG_GROUPS:
            return refuse(f, number, "out of range", value)
        groups[n] = <uint8_t>(PyLong_AsUnsignedLongLongMask(value) & 0x7F)
        value = value >> 7
        n += 1
    octets = PyBytes_FromStringAndSize(<const char *>groups, n)
    keep.append(octets)
    f.octets += n
    return note(f, number, <uint32_t>n | negative << 31, <int64_t><uintptr_t>PyBytes_AsString(octets))


cdef int flatten_enumeration(flattening *f, int number, object value) except -1:
    cdef int content = exi_fields[number].content
    members_of(content)
    index = (<dict>_indices[content]).get(value) if isinstance(value, str) else None
    if index is None:
        return refuse(f, number, "not one of the allowed values", value)
    return note(f, number, 0, index)


cdef int flatten_integer(flattening *f, int number, object value) except -1:
    cdef const exi_field *field = &exi_fields[number]
    cdef int overflow = 0
    cdef uint64_t bits = <uint64_t>PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow > 0 and field.kind == EXI_UNSIGNED and not value >> 64:
        bits = PyLong_AsUnsignedLongLongMask(value)
        overflow = 0
    if overflow or not in_range(number, bits) or (bits >> 63 and field.kind == EXI_UNSIGNED and value < 0):
        return refuse(f, number, "out of range", value)
    return note(f, number, 0, <int64_t>bits)


cdef int flatten_number(flattening *f, int number, object value, list keep) except -1:
    cdef int python = exi_pythons[exi_fields[number].content].kind
    if python == EXI_ENUM:
        return flatten_enumeration(f, number, value)
    if (python == EXI_BOOL) != isinstance(value, bool) or not isinstance(value, int):
        return refuse(f, number, "not a boolean" if python == EXI_BOOL else "not an integer", value)
    if exi_fields[number].kind == EXI_BIG:
        return flatten_big(f, number, value, keep)
    return flatten_integer(f, number, value)


cdef int flatten_value(flattening *f, int first, int after, object value, list keep) except -1:
    """Write one value; the fields from `first` up to `after` are the elements that may hold it."""
    cdef const exi_field *field = &exi_fields[first]
    if field.kind == EXI_COMPLEX:
        return flatten_element(f, member_for(f, first, after, value), value, keep)
    if field.kind == EXI_STRING:
        return flatten_text(f, first, value, keep)
    if field.kind == EXI_BINARY:
        if not isinstance(value, bytes):
            return refuse(f, first, "not bytes", value)
        return note_octets(f, first, PyBytes_AsString(value), len(value), keep, value)
    return flatten_number(f, first, value, keep)


cdef int member_for(flattening *f, int first, int after, object value) except -1:
    """Find the element for an object: by its class among the members of a substitution group."""
    cdef int number
    cls = type(value)
    for number in range(first, after):
        if class_of(type_of(number)) is cls:
            return number
    return refuse(f, first, "does not belong here", cls)


cdef int flatten_element(flattening *f, int number, object message, list keep) except -1:
    cdef frame *level = &f.tape.frames[f.tape.depth]
    level.field = <uint16_t>number
    f.tape.depth += 1
    note(f, number, 0, 0)
    flatten_content(f, type_of(number), message, keep)
    f.tape.depth -= 1
    return note(f, EXI_END_FIELD, 0, 0)


cdef int flatten_content(flattening *f, int kind, object message, list keep) except -1:
    cdef const exi_type *entry = &exi_types[kind]
    cdef int number = entry.first
    cdef int end = number + entry.n
    cdef int after
    class_of(kind)
    cdef tuple slots = _slots[kind]
    while number < end:
        after = number + 1
        while after < end and exi_fields[after].slot == exi_fields[number].slot:
            after += 1
        value = getattr(message, slots[exi_fields[number].slot])
        if value is None:
            pass
        elif exi_fields[number].flags & EXI_REPEATED:
            if not isinstance(value, list):
                refuse(f, number, "not a list", value)
            for item in <list>value:
                flatten_value(f, number, after, item, keep)
        else:
            flatten_value(f, number, after, value, keep)
        number = after
    return 0
