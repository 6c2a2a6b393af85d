"""DIN SPEC 70121:2014 messages and types, under the standard's names."""

from __future__ import annotations

from fastsecc.messages.din70121.body import *
from fastsecc.messages.din70121.datatypes import *
from fastsecc.messages.din70121.header import MessageHeaderType as MessageHeaderType
from fastsecc.messages.din70121.message import BodyBaseType as BodyBaseType
from fastsecc.messages.din70121.message import BodyType as BodyType
from fastsecc.messages.din70121.message import V2G_Message as V2G_Message
