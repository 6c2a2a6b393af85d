# Python messages from the tape.
from cpython.bytes cimport PyBytes_AsString, PyBytes_FromStringAndSize
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.string cimport strlen


# What the numbers of types and enumerations mean in Python; found when first used.
cdef list blank(int n):
    return [None] * n


cdef bytes _names = None
cdef list _classes = blank(EXI_TYPES_N)
cdef list _slots = blank(EXI_TYPES_N)       # field names of a class
cdef list _members = blank(EXI_VALUES_N)    # of an enumeration
cdef list _indices = blank(EXI_VALUES_N)    # of the members


cdef str name_at(int offset):
    global _names
    if _names is None:
        _names = decompress(PyBytes_FromStringAndSize(<const char *>exi_names, sizeof(exi_names)))
    cdef const char *name = PyBytes_AsString(_names) + offset
    return PyUnicode_DecodeUTF8(name, <Py_ssize_t>strlen(name), NULL)


cdef object find(int module, int name):
    return getattr(import_module(name_at(exi_modules[module])), name_at(name))


# Find the type of a COMPLEX field by the state that its content starts with.
cdef int type_of(int number) noexcept nogil:
    cdef int start = exi_fields[number].content
    cdef int low = 0
    cdef int high = EXI_TYPES_N - 1
    cdef int middle
    while low < high:
        middle = (low + high + 1) >> 1
        if exi_types[middle].start > start:
            high = middle - 1
        else:
            low = middle
    return low


cdef object class_of(int number):
    cls = _classes[number]
    if cls is None:
        cls = _classes[number] = find(exi_types[number].module, exi_types[number].name)
        _slots[number] = cls.__struct_fields__
    return cls


cdef tuple members_of(int number):
    if _members[number] is None:
        _members[number] = tuple(find(exi_pythons[number].module, exi_pythons[number].name))
        _indices[number] = dict(zip(_members[number], range(len(_members[number]))))
    return _members[number]


cdef object big_integer(const decoder *d, const tape_entry *entry):
    number = 0
    cdef int64_t i = entry.n & 0x7FFFFFFF
    while i:
        i -= 1
        number = number << 7 | d.side[entry.value + i]
    return -number - 1 if entry.n >> 31 else number


cdef object value_of(const decoder *d, const tape_entry *entry, const exi_field *field):
    if field.kind == EXI_STRING:
        return PyUnicode_DecodeUTF8(<const char *>d.side + entry.value, entry.n, NULL)
    if field.kind == EXI_BINARY:
        return PyBytes_FromStringAndSize(<const char *>d.side + entry.value, entry.n)
    if field.kind == EXI_BIG:
        return big_integer(d, entry)
    if exi_pythons[field.content].kind == EXI_ENUM:
        return members_of(field.content)[entry.value]
    if exi_pythons[field.content].kind == EXI_BOOL:
        return entry.value != 0
    if field.kind == EXI_UNSIGNED:
        return <uint64_t>entry.value
    return entry.value


# Build the element whose content starts at the next entry.
cdef object build(decoder *d, int number):
    cdef const tape_entry *entry
    cdef const exi_field *field
    cdef dict values = {}
    cls = class_of(number)
    cdef tuple slots = _slots[number]
    while True:
        entry = &d.tape[d.entries]
        d.entries += 1
        if entry.field == EXI_END_FIELD:
            return cls(**values)
        field = &exi_fields[entry.field]
        value = build(d, type_of(entry.field)) if field.kind == EXI_COMPLEX else value_of(d, entry, field)
        name = slots[field.slot]
        if not field.flags & EXI_REPEATED:
            values[name] = value
        elif name in values:
            (<list>values[name]).append(value)
        else:
            values[name] = [value]



cdef str name_of(int number):
    cdef const exi_field *field = &exi_fields[number]
    name = name_at(field.name)
    if field.flags & EXI_BARE and field.kind <= EXI_BIG:
        return "@" + name if name != "value" else ""
    return name


cdef str path_of(const frame *frames, int depth, int number):
    """Name the elements from the root to a field; the text of an element is the element itself."""
    cdef int i
    cdef list names = [name_of(frames[i].field) for i in range(depth)]
    if number > EXI_REFUSED_FIELD and (depth == 0 or number != frames[depth - 1].field):
        names.append(name_of(number))
    return "/".join([name for name in names if name])


cdef str slot_path(const frame *frames, int depth, int number):
    """Name a field as its class does: that of a substitution group by its head."""
    if depth == 0 or exi_fields[number].flags & EXI_BARE or number <= EXI_REFUSED_FIELD:
        return path_of(frames, depth, number)
    slots = _slots[type_of(frames[depth - 1].field)]
    return f"{path_of(frames, depth, EXI_END_FIELD)}/{slots[exi_fields[number].slot]}"
