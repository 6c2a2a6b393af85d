"""ISO 15118-2:2014 messages and types, under the standard's names."""

from __future__ import annotations

from fastsecc.messages.iso2.body import *
from fastsecc.messages.iso2.datatypes import *
from fastsecc.messages.iso2.header import MessageHeaderType as MessageHeaderType
from fastsecc.messages.iso2.message import V2G_Message as V2G_Message
