"""SDP messages: what is a request, what is none, and what is answered."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.net.sdp import (
    SDP_REQUEST_SIZE,
    SDP_RESPONSE_SIZE,
    SdpOffer,
    SdpRequest,
    SdpResponse,
    Security,
    TlsPolicy,
    Transport,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
)

ADDRESS = IPv6Address("fe80::1234")
PLAIN = bytes.fromhex("01fe9000000000021000")
TLS = bytes.fromhex("01fe9000000000020000")
RESPONSE = bytes.fromhex("01fe900100000014" + "fe800000000000000000000000001234" + "f000" + "10" + "00")


def test_request_octets() -> None:
    assert encode_request(SdpRequest(Security.NONE)) == PLAIN
    assert decode_request(PLAIN) == SdpRequest(Security.NONE, Transport.TCP)
    assert decode_request(TLS) == SdpRequest(Security.TLS, Transport.TCP)


def test_response_octets_are_those_of_the_standard() -> None:
    """CMN_V2GTPSDP_001: header 01 FE 9001, length 20. OC-032: port big endian, sizes."""
    response = SdpResponse(ADDRESS, 61440, Security.NONE)
    assert encode_response(response) == RESPONSE
    assert decode_response(RESPONSE) == response
    assert (SDP_REQUEST_SIZE, SDP_RESPONSE_SIZE) == (10, 28)


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("01fe9000000000001000", id="CMN_V2GTPSDP_002 payloadLength 0"),
        pytest.param("01fe900000000000", id="CMN_V2GTPSDP_002 payloadLength 0 and no payload"),
        pytest.param("01fe7000000000021000", id="CMN_V2GTPSDP_003 payloadType 0x7000"),
        pytest.param("fffe9000000000021000", id="CMN_V2GTPSDP_004 version 0xFF"),
        pytest.param("01ff9000000000021000", id="CMN_V2GTPSDP_005 inverse version 0xFF"),
        pytest.param("01fe9000000000021100", id="security 0x11"),
        pytest.param("01fe9000000000021001", id="transport 0x01"),
        pytest.param("01fe900000000002100000", id="an octet more"),
        pytest.param("01fe900100000014" + "00" * 20, id="a response"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_request_is_ignored(octets: str) -> None:
    assert decode_request(bytes.fromhex(octets)) is None


@pytest.mark.parametrize("size", range(SDP_REQUEST_SIZE))
def test_a_truncated_request_is_ignored(size: int) -> None:
    assert decode_request(PLAIN[:size]) is None


@pytest.mark.parametrize("size", range(SDP_RESPONSE_SIZE))
def test_a_truncated_response_is_ignored(size: int) -> None:
    assert decode_response(RESPONSE[:size]) is None


@pytest.mark.parametrize("bit", range(SDP_REQUEST_SIZE * 8))
def test_a_request_with_a_flipped_bit_is_ignored_or_another_request(bit: int) -> None:
    flipped = bytearray(PLAIN)
    flipped[bit // 8] ^= 0x80 >> bit % 8
    request = decode_request(bytes(flipped))
    assert request is None or encode_request(request) == flipped


@given(st.binary(max_size=64) | st.binary(max_size=3).map(lambda tail: PLAIN[:8] + tail))
def test_anything_is_a_request_or_ignored(data: bytes) -> None:
    request = decode_request(data)
    assert request is None or encode_request(request) == data


@given(st.binary(max_size=64) | st.binary(min_size=20, max_size=20).map(lambda body: RESPONSE[:8] + body))
def test_anything_is_a_response_or_ignored(data: bytes) -> None:
    response = decode_response(data)
    assert response is None or encode_response(response) == data


PORTS = {Security.NONE: 50000, Security.TLS: 50001}


@pytest.mark.parametrize(
    ("policy", "asked", "offered"),
    [
        pytest.param(TlsPolicy.OFF, Security.NONE, Security.NONE, id="CMN_SDP_001 OC-035 plain stays plain"),
        pytest.param(TlsPolicy.OFF, Security.TLS, Security.NONE, id="CMN_SDP_007"),
        pytest.param(TlsPolicy.ALLOW, Security.NONE, Security.NONE, id="no TLS for whom it would surprise"),
        pytest.param(TlsPolicy.ALLOW, Security.TLS, Security.TLS, id="CMN_SDP_002 CMN_SDP_003"),
        pytest.param(TlsPolicy.FORCE, Security.NONE, Security.TLS, id="OC-034 no downgrade"),
        pytest.param(TlsPolicy.FORCE, Security.TLS, Security.TLS, id="TLS asked for and forced"),
    ],
)
def test_what_is_offered(policy: TlsPolicy, asked: Security, offered: Security) -> None:
    ports = [PORTS[security] if security in policy.served else None for security in PORTS]
    response = SdpOffer(ADDRESS, *ports).answer(SdpRequest(asked))
    assert response == SdpResponse(ADDRESS, PORTS[offered], offered)


def test_without_a_port_nothing_is_offered() -> None:
    assert SdpOffer(ADDRESS, None).answer(SdpRequest(Security.NONE)) is None


def test_who_asks_for_udp_is_offered_tcp() -> None:
    response = SdpOffer(ADDRESS, 50000).answer(SdpRequest(Security.NONE, Transport.UDP))
    assert response == SdpResponse(ADDRESS, 50000, Security.NONE, Transport.TCP)
