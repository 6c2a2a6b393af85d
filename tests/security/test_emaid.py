"""eMAIDs: their parts, their forms, and when two are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsecc.security import emaid
from fastsecc.security.emaid import Emaid


@pytest.mark.parametrize(
    ("text", "parts", "wire", "dashed"),
    [
        ("DE-8AA-C12345678-9", ("DE", "8AA", "C12345678", "9"), "DE8AAC123456789", "DE-8AA-C12345678-9"),
        ("DE8AAC12345678", ("DE", "8AA", "C12345678", None), "DE8AAC12345678", "DE-8AA-C12345678"),
        ("de8aac123456789", ("DE", "8AA", "C12345678", "9"), "DE8AAC123456789", "DE-8AA-C12345678-9"),
        ("UKSWI123456791A", ("UK", "SWI", "123456791", "A"), "UKSWI123456791A", "UK-SWI-123456791-A"),
    ],
)
def test_parts_and_forms(text: str, parts: tuple[str, ...], wire: str, dashed: str) -> None:
    parsed = emaid.parse(text)
    assert parsed == Emaid(*parts)
    assert (str(parsed), parsed.dashed, parsed.issuer) == (wire, dashed, "".join(parts[:2]))


NONE = """\
DE8AAC1234567
DE8AAC1234567890
D18AAC12345678
DE-8AAC12345678
DE_8AA_C12345678
DE8ÄAC12345678
"""


@pytest.mark.parametrize("text", ["", "DE8AAC12345678\n", *NONE.split()])
def test_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no eMAID"):
        emaid.parse(text)


@given(st.from_regex(r"[A-Z]{2}-[A-Z0-9]{3}-[A-Z0-9]{9}(-[A-Z0-9])?", fullmatch=True))
def test_all_forms_of_one_are_the_same(text: str) -> None:
    parsed = emaid.parse(text)
    assert emaid.parse(str(parsed)) == emaid.parse(parsed.dashed.lower()) == parsed
    assert emaid.same(text, str(parsed).lower())
    assert not emaid.same(text, text[:-1])
    assert not emaid.same(text, f"{text[:-1]}{'0' if text[-1] != '0' else '1'}")
