"""Frames, octet by octet: against scapy's layers, the captures, and everything that is not whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.contrib import homepluggp as gp
from scapy.contrib.homeplugav import HomePlugAV
from scapy.layers.l2 import Ether
from scapy.packet import Packet

from fastsecc.errors import FrameError
from fastsecc.slac import frames, vendor
from fastsecc.slac.frames import MESSAGES, LENGTH_octets, parse
from fastsecc.slac.mme import Mme
from tests.slac.bench import EV, EVSE, MODEM, RUN
from tests.slac.recorded import captures, slac_frames

NID = bytes(range(1, 8))
KEY = bytes(range(16))
AAG = bytes(range(58))
RND = bytes(range(100, 116))
HEADER = {"APPLICATION_TYPE": 1, "SECURITY_TYPE": 2}
IDS = {"SOURCE_ID": bytes(range(17)), "RESP_ID": bytes(range(1, 18))}
MACS = {"PEV_MAC": EV, "EVSE_MAC": EVSE, "PEV_ID": bytes(range(17)), "EVSE_ID": bytes(range(1, 18))}

SAMPLES: list[Mme] = [
    frames.CM_SLAC_PARM_REQ(**HEADER, RunID=RUN),
    frames.CM_SLAC_PARM_CNF(**HEADER, M_SOUND_TARGET=MODEM, NUM_SOUNDS=3, TIME_OUT=4, FORWARDING_STA=EV, RunID=RUN),
    frames.CM_START_ATTEN_CHAR_IND(**HEADER, NUM_SOUNDS=3, TIME_OUT=4, RESP_TYPE=5, FORWARDING_STA=EV, RunID=RUN),
    frames.CM_MNBC_SOUND_IND(**HEADER, SenderID=bytes(range(17)), CNT=9, RunID=RUN, Rnd=RND),
    frames.CM_ATTEN_PROFILE_IND(PEV_MAC=EV, AAG=AAG),
    frames.CM_ATTEN_CHAR_IND(**HEADER, SOURCE_ADDRESS=EV, RunID=RUN, **IDS, NUM_SOUNDS=9, AAG=AAG),
    frames.CM_ATTEN_CHAR_RSP(**HEADER, SOURCE_ADDRESS=EV, RunID=RUN, **IDS, Result=1),
    frames.CM_VALIDATE_REQ(SignalType=1, Timer=2, Result=3),
    frames.CM_VALIDATE_CNF(SignalType=1, ToggleNum=2, Result=3),
    frames.CM_SLAC_MATCH_REQ(**HEADER, **MACS, RunID=RUN),
    frames.CM_SLAC_MATCH_CNF(**HEADER, **MACS, RunID=RUN, NID=NID, NMK=KEY),
    frames.CM_SET_KEY_REQ(MyNonce=b"abcd", YourNonce=b"efgh", PRN=0x0102, PMN=3, CCoCap=2, NID=NID, NewKey=KEY),
    frames.CM_SET_KEY_CNF(Result=1, MyNonce=b"abcd", YourNonce=b"efgh", PRN=0x0102, CCoCap=1),
    frames.CM_AMP_MAP_REQ(AMLEN=3, AMDATA=b"\x12\x03"),
    frames.CM_AMP_MAP_CNF(Result=1),
    vendor.VS_OP_ATTRIBUTES_REQ(Cookie=b"abcd"),
    vendor.VS_OP_ATTRIBUTES_CNF(
        Cookie=b"abcd", HardwarePlatform=b"QCA7000".ljust(16), SoftwarePlatform=b"MAC".ljust(16)
    ),
    vendor.VS_PL_LINK_STATUS_REQ(),
    vendor.VS_PL_LINK_STATUS_CNF(MStatus=1, LinkStatus=2),
    vendor.VS_RS_DEV_REQ(),
    vendor.VS_RS_DEV_CNF(MStatus=1),
    vendor.VS_ATTENUATION_CHARACTERISTICS_IND(PEV_MAC=EV, AAG=AAG),
    vendor.NSCM_GET_VERSION_REQ(Version=1, RequestID=2),
    vendor.NSCM_GET_VERSION_CNF(RequestID=2, Major=1, Minor=2, Patch=3, Build=4),
    vendor.NSCM_RESET_DEVICE_REQ(Mode=1),
    vendor.NSCM_GET_D_LINK_STATUS_REQ(RequestID=3),
    vendor.NSCM_GET_D_LINK_STATUS_CNF(LinkStatus=1),
]
NAMES = [sample.NAME for sample in SAMPLES]


def test_there_is_a_sample_of_each() -> None:
    assert [type(sample) for sample in SAMPLES] == list(MESSAGES)


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_what_is_written_is_read(sample: Mme) -> None:
    octets = sample.encode(EV, EVSE)
    frame = parse(octets)
    assert frame.mme == sample
    assert (frame.source, frame.destination, frame.mmv) == (EV, EVSE, sample.MMV)
    assert len(octets) >= 60
    assert parse(octets + b"\xff" * 20) == frame


# lengths


LENGTHS = {
    "CM_SLAC_PARM.REQ": 60,
    "CM_SLAC_PARM.CNF": 60,
    "CM_START_ATTEN_CHAR.IND": 60,
    "CM_MNBC_SOUND.IND": 71,
    "CM_ATTEN_PROFILE.IND": 85,
    "CM_ATTEN_CHAR.IND": 129,
    "CM_ATTEN_CHAR.RSP": 70,
    "CM_VALIDATE.REQ": 60,
    "CM_VALIDATE.CNF": 60,
    "CM_SLAC_MATCH.REQ": 85,
    "CM_SLAC_MATCH.CNF": 109,
    "CM_SET_KEY.REQ": 60,
    "CM_SET_KEY.CNF": 60,
    "CM_AMP_MAP.CNF": 60,
    "VS_ATTENUATION_CHARACTERISTICS.IND": 94,
}
"""Lengths of frames on the wire, with 58 groups where there are any."""


def test_lengths_on_the_wire() -> None:
    lengths = {sample.NAME: len(sample.encode(EV, EVSE)) for sample in SAMPLES}
    assert {name: lengths[name] for name in LENGTHS} == LENGTHS


def test_length_table() -> None:
    assert LENGTH_octets == {
        0x6064: 29,
        0x6065: 44,
        0x606A: 38,
        0x6076: 71,
        0x6086: 27,
        0x606E: 71,
        0x606F: 70,
        0x6078: 22,
        0x6079: 22,
        0x607C: 85,
        0x607D: 109,
        0x6008: 57,
        0x6009: 33,
        0x601C: 21,
        0x601D: 20,
        0xA068: 25,
        0xA069: 61,
        0xA0B8: 20,
        0xA0B9: 22,
        0xA01C: 20,
        0xA01D: 21,
        0xA14E: 36,
        0xAC6C: 39,
        0xAC6D: 49,
        0xAC70: 40,
        0xAC9C: 39,
        0xAC9D: 40,
    }


def _whole(sample: Mme) -> int:
    """Give the octets that a sample cannot do without."""
    groups = len(getattr(sample, "AAG", b"") + getattr(sample, "AMDATA", b""))
    return sample.frame_octets() + groups


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_truncated_anywhere(sample: Mme) -> None:
    octets, whole = sample.encode(EV, EVSE), _whole(sample)
    assert parse(octets[:whole]).mme == sample
    for length in range(whole):
        with pytest.raises(FrameError):
            parse(octets[:length])


# what is refused, and why


def field_of(octets: bytes) -> tuple[str, str]:
    with pytest.raises(FrameError) as refused:
        parse(octets)
    assert str(refused.value) == f"{refused.value.message}: {refused.value.field}: {refused.value.reason}"
    return refused.value.message, refused.value.field


def changed(octets: bytes, offset: int, value: int) -> bytes:
    return octets[:offset] + bytes([value]) + octets[offset + 1 :]


PARM_REQ = frames.CM_SLAC_PARM_REQ(RunID=RUN).encode(EV, EVSE)
LINK_STATUS = vendor.VS_PL_LINK_STATUS_CNF(LinkStatus=1).encode(MODEM, EVSE)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"", ("frame", "length")),
        (PARM_REQ[:16], ("frame", "length")),
        (changed(PARM_REQ, 12, 0x08), ("frame", "ethertype")),
        (changed(PARM_REQ, 16, 0x61), ("frame", "MMTYPE")),
        (changed(PARM_REQ, 14, 0), ("CM_SLAC_PARM.REQ", "MMV")),
        (changed(PARM_REQ, 14, 3), ("CM_SLAC_PARM.REQ", "MMV")),
        (changed(PARM_REQ, 17, 0x10), ("CM_SLAC_PARM.REQ", "FMI")),
        (PARM_REQ[:28], ("CM_SLAC_PARM.REQ", "length")),
        (changed(LINK_STATUS, 14, 2), ("VS_PL_LINK_STATUS.CNF", "MMV")),
        (changed(LINK_STATUS, 18, 0), ("VS_PL_LINK_STATUS.CNF", "OUI")),
        (changed(SAMPLES[4].encode(MODEM, EVSE), 25, 59), ("CM_ATTEN_PROFILE.IND", "NumGroups")),
        (changed(SAMPLES[5].encode(EVSE, EV), 70, 59), ("CM_ATTEN_CHAR.IND", "NumGroups")),
        (changed(SAMPLES[13].encode(EV, EVSE), 20, 1), ("CM_AMP_MAP.REQ", "AMLEN")),
    ],
)
def test_refusals_name_message_and_field(octets: bytes, expected: tuple[str, str]) -> None:
    assert field_of(octets) == expected


def test_place_of_the_oui_follows_the_mmv() -> None:
    cnf = vendor.VS_PL_LINK_STATUS_CNF(LinkStatus=1)
    new = cnf.encode(MODEM, EVSE, 1)
    assert new.index(vendor.QUALCOMM) == 19
    assert LINK_STATUS.index(vendor.QUALCOMM, 14) == 17
    assert parse(new).mme == parse(LINK_STATUS).mme == cnf


def test_amplitudes_may_say_either_version() -> None:
    req = frames.CM_AMP_MAP_REQ(AMLEN=917, AMDATA=bytes(459))
    for mmv in (1, 2):
        assert parse(req.encode(EV, EVSE, mmv)).mmv == mmv


@given(st.binary(max_size=200))
def test_random_octets(octets: bytes) -> None:
    """FrameError is all that can be raised."""
    with suppress(FrameError):
        parse(octets)


@given(st.sampled_from(SAMPLES), st.binary(max_size=150))
def test_random_payload(sample: Mme, payload: bytes) -> None:
    """Whatever is read is written the same."""
    head = sample.encode(EV, EVSE)[: sample.frame_octets() - sample.layout.size]
    try:
        frame = parse(head + payload)
    except FrameError:
        return
    again = frame.mme.encode(EV, EVSE)
    assert parse(again) == frame


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_every_bit_flipped(sample: Mme) -> None:
    octets = sample.encode(EV, EVSE)
    for bit in range(8 * len(octets)):
        flipped = changed(octets, bit // 8, octets[bit // 8] ^ 1 << bit % 8)
        try:
            mme = parse(flipped).mme
        except FrameError:
            continue
        assert isinstance(mme, Mme)


# scapy


def _mac(octets: bytes) -> str:
    return octets.hex(":")


COMMON = {"ApplicationType": 1, "SecurityType": 2}
GROUPS = [gp.HPGP_GROUP(group=value) for value in AAG]
SCAPY: dict[str, tuple[int, Packet]] = {
    "CM_SLAC_PARM.REQ": (0x6064, gp.CM_SLAC_PARM_REQ(**COMMON, RunID=RUN)),
    "CM_SLAC_PARM.CNF": (
        0x6065,
        gp.CM_SLAC_PARM_CNF(
            MSoundTargetMAC=_mac(MODEM),
            NumberMSounds=3,
            TimeOut=4,
            ResponseType=1,
            ForwardingSTA=_mac(EV),
            **COMMON,
            RunID=RUN,
        ),
    ),
    "CM_START_ATTEN_CHAR.IND": (
        0x606A,
        gp.CM_START_ATTEN_CHAR_IND(
            **COMMON, NumberOfSounds=3, TimeOut=4, ResponseType=5, ForwardingSTA=_mac(EV), RunID=RUN
        ),
    ),
    "CM_MNBC_SOUND.IND": (
        0x6076,
        gp.CM_MNBC_SOUND_IND(**COMMON, SenderID=bytes(range(17)), Countdown=9, RunID=RUN, RandomValue=RND),
    ),
    "CM_ATTEN_PROFILE.IND": (
        0x6086,
        gp.CM_ATTENUATION_CHARACTERISTICS_MME(EVMACAddress=_mac(EV), Groups=GROUPS),
    ),
    "CM_ATTEN_CHAR.IND": (
        0x606E,
        gp.CM_ATTEN_CHAR_IND(
            **COMMON,
            SourceAdress=_mac(EV),
            RunID=RUN,
            SourceID=IDS["SOURCE_ID"],
            ResponseID=IDS["RESP_ID"],
            NumberOfSounds=9,
            Groups=GROUPS,
        ),
    ),
    "CM_ATTEN_CHAR.RSP": (
        0x606F,
        gp.CM_ATTEN_CHAR_RSP(
            **COMMON,
            SourceAdress=_mac(EV),
            RunID=RUN,
            SourceID=IDS["SOURCE_ID"],
            ResponseID=IDS["RESP_ID"],
            Result=1,
        ),
    ),
    "CM_SLAC_MATCH.REQ": (
        0x607C,
        gp.CM_SLAC_MATCH_REQ(
            **COMMON,
            VariableField=gp.SLAC_varfield(
                EVID=MACS["PEV_ID"], EVMAC=_mac(EV), EVSEID=MACS["EVSE_ID"], EVSEMAC=_mac(EVSE), RunID=RUN
            ),
        ),
    ),
    "CM_SLAC_MATCH.CNF": (
        0x607D,
        gp.CM_SLAC_MATCH_CNF(
            **COMMON,
            VariableField=gp.SLAC_varfield_cnf(
                EVID=MACS["PEV_ID"],
                EVMAC=_mac(EV),
                EVSEID=MACS["EVSE_ID"],
                EVSEMAC=_mac(EVSE),
                RunID=RUN,
                NetworkID=NID,
                NMK=KEY,
            ),
        ),
    ),
    "CM_SET_KEY.REQ": (
        0x6008,
        gp.CM_SET_KEY_REQ(
            KeyType=1,
            MyNonce=int.from_bytes(b"abcd", "big"),
            YourNonce=int.from_bytes(b"efgh", "big"),
            PID=4,
            ProtoRunNumber=0x0201,  # scapy has it the other way round
            ProtoMessNumber=3,
            CCoCapability=2,
            NetworkID=NID,
            NewEncKeySelect=1,
            NewKey=KEY,
        ),
    ),
    "CM_SET_KEY.CNF": (
        0x6009,
        gp.CM_SET_KEY_CNF(
            Result=1,
            MyNonce=int.from_bytes(b"abcd", "big"),
            YourNonce=int.from_bytes(b"efgh", "big"),
            PID=4,
            ProtoRunNumber=0x0201,
            ProtoMessNumber=0xFF,
            CCoCapability=1,
        ),
    ),
}


@pytest.mark.parametrize("sample", [sample for sample in SAMPLES if sample.NAME in SCAPY], ids=lambda each: each.NAME)
def test_scapy_writes_and_reads_the_same(sample: Mme) -> None:
    mmtype, layer = SCAPY[sample.NAME]
    theirs = bytes(
        Ether(dst=_mac(EVSE), src=_mac(EV), type=0x88E1) / HomePlugAV(version=1, HPtype=mmtype) / layer
    ).ljust(60, b"\0")
    ours = sample.encode(EV, EVSE)
    assert ours == theirs
    assert parse(theirs).mme == sample
    read = Ether(ours)
    assert type(layer) in [type(each) for each in _layers(read)]
    assert bytes(read) == theirs


def _layers(packet: Packet) -> Iterator[Packet]:
    layer: Any = packet
    while layer is not None and layer.__class__.__name__ != "NoPayload":
        yield layer
        layer = layer.payload


def test_scapy_has_a_say_about_every_slac_message() -> None:
    """CM_VALIDATE and CM_AMP_MAP it does not know; they are in no capture either."""
    without = {"CM_VALIDATE.REQ", "CM_VALIDATE.CNF", "CM_AMP_MAP.REQ", "CM_AMP_MAP.CNF"}
    assert {name for name in NAMES if name.startswith("CM_")} - set(SCAPY) == without


# captures


UNREADABLE = {
    ("frame", "MMTYPE"): 6,
    ("CM_ATTEN_PROFILE.IND", "NumGroups"): 1,
}
"""Messages of a Lumissil modem about itself, and a profile that was recorded up to its 33rd group."""
FRAMES = 2154


def test_every_captured_frame_is_read_and_written_the_same(shared: Path) -> None:
    """But for what follows the last field: some EVs pad with what lay in their memory."""
    total, refused = 0, Counter[tuple[str, str]]()
    for path in captures():
        for recorded in slac_frames(path):
            total += 1
            try:
                frame = parse(recorded.octets)
            except FrameError as error:
                refused[error.message, error.field] += 1
                continue
            ours = frame.mme.encode(frame.source, frame.destination, frame.mmv)
            whole = _whole(frame.mme)
            if isinstance(frame.mme, vendor.NSCM_GET_VERSION_REQ):
                whole = 22  # its sender filled the reserved fields with what lay in its memory
            assert ours[:whole] == recorded.octets[:whole]
            assert len(recorded.octets) >= whole
            _scapy_agrees(frame.mme, recorded.octets)
    assert refused == UNREADABLE
    assert total == FRAMES


NAMES_OF_SCAPY = {
    "RunID": ("RunID",),
    "APPLICATION_TYPE": ("ApplicationType",),
    "SECURITY_TYPE": ("SecurityType",),
    "SOURCE_ADDRESS": ("SourceAdress",),
    "FORWARDING_STA": ("ForwardingSTA",),
    "NUM_SOUNDS": ("NumberOfSounds", "NumberMSounds"),
    "CNT": ("Countdown",),
    "Rnd": ("RandomValue",),
    "PEV_MAC": ("EVMAC", "EVMACAddress"),
    "EVSE_MAC": ("EVSEMAC",),
    "NID": ("NetworkID",),
    "NMK": ("NMK",),
    "NewKey": ("NewKey",),
    "Result": ("Result",),
    "AAG": ("Groups",),
}


def _scapy_agrees(mme: Mme, octets: bytes) -> None:
    """Compare our fields with those of scapy's layers, by value."""
    if mme.NAME not in SCAPY:
        return
    theirs: dict[str, Any] = {}
    for layer in _layers(Ether(octets)):
        theirs.update(layer.fields)
        theirs.update(getattr(layer.fields.get("VariableField"), "fields", {}))
    for ours, names in NAMES_OF_SCAPY.items():
        if not hasattr(mme, ours):
            continue
        value = next(theirs[name] for name in names if name in theirs)
        expected = getattr(mme, ours)
        if ours == "AAG":
            value = bytes(group.group for group in value)
        elif isinstance(value, str):
            value = bytes.fromhex(value.replace(":", ""))
        assert value == expected, (mme.NAME, ours)
