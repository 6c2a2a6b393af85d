"""EXI messages of the V2G namespaces: octets, JSON and XML."""

from __future__ import annotations

from fastsecc.exi.codec import Decoded as Decoded
from fastsecc.exi.codec import Deviation as Deviation
from fastsecc.exi.codec import decode as decode
from fastsecc.exi.codec import decode_flagged as decode_flagged
from fastsecc.exi.codec import encode as encode
from fastsecc.exi.json_view import from_json as from_json
from fastsecc.exi.json_view import to_json as to_json
from fastsecc.exi.xml_view import to_xml as to_xml
