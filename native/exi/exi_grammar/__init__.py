"""The grammar compiler: message classes in, the codec's constant tables and C structs out.

fields   what the classes say, field by field
content  content models as automata
grammar  every namespace's states, productions, fields and roots, numbered
structs  the charge-loop messages as plain C structs
emit     all of it as C text
"""
