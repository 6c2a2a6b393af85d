# Python messages onto the tape.

cdef extern from "Python.h":
    const char *PyUnicode_AsUTF8AndSize(object text, Py_ssize_t *size) except NULL
    unsigned long long PyLong_AsUnsignedLongLong(object number) except? 0xFFFFFFFFFFFFFFFF
    long long PyLong_AsLongLong(object number) except? -1

# What a message is written to; `path` is for errors, `octets` the sum of all strings and binaries.
ctypedef struct flattening:
    decoder tape
    int64_t octets


cdef object refuse(flattening *f, int number, str reason, object value):
    raise EncodeError(path_of(f.tape.frames, f.tape.depth, number), f"{reason}: {value!r}")


cdef int note(flattening *f, int number, uint32_t n, int64_t value) except -1:
    if append(&f.tape, number, n, value):
        raise MemoryError
    return 0


# Write a string or binary. One that is too short is let through, as other codecs do: what has been decoded and flagged can
# be encoded again.
cdef int note_octets(flattening *f, int number, const void *octets, int64_t n, int64_t length, list keep, object owner) \
        except -1:
    cdef const exi_value *limits = &exi_values[exi_fields[number].content]
    if length > <int64_t>(limits.low + limits.span) and limits.span != NO_LIMIT:
        refuse(f, number, f"length {length} is more than", limits.low + <int64_t>limits.span)
    keep.append(owner)
    f.octets += n
    return note(f, number, <uint32_t>n, <int64_t><uintptr_t>octets)


cdef int flatten_text(flattening *f, int number, object value, list keep) except -1:
    cdef Py_ssize_t n = 0
    cdef const char *text = NULL
    if not isinstance(value, str):
        refuse(f, number, "not a string", value)
    try:
        text = PyUnicode_AsUTF8AndSize(value, &n)
    except UnicodeEncodeError:
        refuse(f, number, "surrogates are no characters", value)
    return note_octets(f, number, text, n, len(value), keep, value)


cdef int flatten_octets(flattening *f, int number, object value, list keep) except -1:
    if not isinstance(value, bytes):
        refuse(f, number, "not bytes", value)
    return note_octets(f, number, PyBytes_AsString(value), len(value), len(value), keep, value)


cdef int flatten_big(flattening *f, int number, object value, list keep) except -1:
    if not isinstance(value, int) or isinstance(value, bool):
        refuse(f, number, "not an integer", value)
    cdef uint32_t negative = value < 0
    cdef list groups = []
    magnitude = -1 - value if negative else value
    while magnitude or not groups:
        groups.append(magnitude & 0x7F)
        magnitude >>= 7
    octets = bytes(groups)
    keep.append(octets)
    f.octets += len(octets)
    return note(f, number, <uint32_t>len(octets) | negative << 31, <int64_t><uintptr_t>PyBytes_AsString(octets))


cdef int flatten_number(flattening *f, int number, object value) except -1:
    cdef const exi_field *field = &exi_fields[number]
    cdef const exi_value *limits = &exi_values[field.content]
    if limits.python == EXI_ENUM:
        members_of(field.content)
        index = (<dict>_indices[field.content]).get(value)
        if index is None:
            refuse(f, number, "not one of the allowed values", value)
        return note(f, number, 0, index)
    if limits.python == EXI_BOOL:
        if value is not True and value is not False:
            refuse(f, number, "not a boolean", value)
        return note(f, number, 0, value is True)
    if not isinstance(value, int) or isinstance(value, bool):
        refuse(f, number, "not an integer", value)
    cdef uint64_t bits = 0
    try:
        bits = PyLong_AsUnsignedLongLong(value) if field.kind == EXI_UNSIGNED else <uint64_t>PyLong_AsLongLong(value)
    except OverflowError:
        refuse(f, number, "out of range", value)
    if bits - <uint64_t>limits.low > limits.span:
        refuse(f, number, "out of range", value)
    return note(f, number, 0, <int64_t>bits)


cdef int flatten_value(flattening *f, int first, int after, object value, list keep) except -1:
    """Write one value; the fields from `first` up to `after` are the elements that may hold it."""
    cdef const exi_field *field = &exi_fields[first]
    if field.kind == EXI_COMPLEX:
        return flatten_element(f, member_for(f, first, after, value), value, keep)
    if field.kind == EXI_STRING:
        return flatten_text(f, first, value, keep)
    if field.kind == EXI_BINARY:
        return flatten_octets(f, first, value, keep)
    if field.kind == EXI_BIG:
        return flatten_big(f, first, value, keep)
    return flatten_number(f, first, value)


cdef int member_for(flattening *f, int first, int after, object value) except -1:
    """Find the element for an object: by its class among the members of a substitution group."""
    cdef int number
    cls = type(value)
    for number in range(first, after):
        if class_of(exi_fields[number].content) is cls:
            return number
    raise EncodeError(slot_path(f.tape.frames, f.tape.depth, first), f"{cls.__name__} does not belong here")


cdef int flatten_element(flattening *f, int number, object message, list keep) except -1:
    cdef frame *level = &f.tape.frames[f.tape.depth]
    level.field = <uint16_t>number
    f.tape.depth += 1
    note(f, number, 0, 0)
    flatten_content(f, exi_fields[number].content, message, keep)
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
