"""ISO 15118-20:2022 messages and types, under the standard's names.

What all kinds of energy transfer share stands here; those of one kind stand in `ac`, `dc`, `acdp` and `wpt`.
"""

from __future__ import annotations

from fastsecc.messages.iso20 import ac as ac
from fastsecc.messages.iso20 import acdp as acdp
from fastsecc.messages.iso20 import dc as dc
from fastsecc.messages.iso20 import wpt as wpt
from fastsecc.messages.iso20.common_datatypes import *
from fastsecc.messages.iso20.common_messages import *
from fastsecc.messages.iso20.common_types import *
