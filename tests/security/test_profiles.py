"""Certificates that change under a running SECC: when they are read again, and what becomes of those that are bad."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fastsecc._link import TlsProfiles
from fastsecc.errors import ConfigError
from fastsecc.security import profiles, staples
from fastsecc.security.profiles import ProfileStore, TlsOptions
from fastsecc.sim import test_pki

CSO = Path("client/cso")
KEY = CSO / "SECC_P256_LEAF.key"
CHAIN = CSO / "SECC_P256_CERT_CHAIN.pem"


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def told(log: pytest.LogCaptureFixture, level: int) -> list[str]:
    found = [record.getMessage() for record in log.records if record.levelno == level]
    log.clear()
    return found


def renew(folder: Path) -> None:
    """Put another chain in place, below another root."""
    test_pki.make(folder)


def test_profiles_stay_as_long_as_the_files_do(folder: Path, log: pytest.LogCaptureFixture) -> None:
    store = ProfileStore(folder)
    assert isinstance(store.current(), TlsProfiles)
    assert store.current() is store.current()
    chain = "TLS chain: P-256 DC=CPO,CN=SECC P-256, 3 of 3 certificates with OCSP staple"
    assert told(log, logging.INFO) == [chain]


@pytest.mark.parametrize("ocsp_only", [False, True])
def test_files_that_changed_are_read_again(folder: Path, ocsp_only: bool, log: pytest.LogCaptureFixture) -> None:
    store = ProfileStore(folder)
    before = store.current()
    if ocsp_only:
        (folder / CSO / "ocsp/SECC_P256_0.der").unlink()
    else:
        renew(folder)
    after = store.current()
    assert after is not before
    assert store.current() is after
    assert ("2 of 3" in told(log, logging.INFO)[-1]) is ocsp_only


def test_a_failed_reload_keeps_the_old_set_and_says_why_once(folder: Path, log: pytest.LogCaptureFixture) -> None:
    store = ProfileStore(folder)
    before = store.current()
    key = (folder / KEY).read_bytes()
    (folder / KEY).write_bytes(b"half a k")
    assert store.current() is store.current() is before
    (trouble,) = told(log, logging.ERROR)
    assert trouble.startswith(f"{folder / KEY}: is no private key in PEM")
    assert trouble.endswith("; the certificates read before are served on")
    (folder / KEY).write_bytes(key)
    assert store.current() is not before
    assert told(log, logging.ERROR) == []


def test_a_folder_that_vanished_and_came_back(folder: Path, log: pytest.LogCaptureFixture) -> None:
    store = ProfileStore(folder)
    before = store.current()
    folder.rename(folder.with_name("moved"))
    assert store.current() is before
    assert told(log, logging.ERROR) == [f"{folder}: does not exist; the certificates read before are served on"]
    folder.with_name("moved").rename(folder)
    assert store.current() is not before


def test_reload_reads_what_looks_the_same(folder: Path) -> None:
    store = ProfileStore(folder)
    before = store.current()
    assert store.reload()
    assert store.current() is not before


def test_a_staple_that_became_too_old_is_dropped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    store = ProfileStore(folder)
    before = store.current()
    later = datetime.now(UTC) + timedelta(days=40)
    monkeypatch.setattr(staples, "today", lambda: later)
    told(log, logging.INFO)
    after = store.current()
    assert after is not before
    assert store.current() is after
    assert "0 of 3" in told(log, logging.INFO)[0]


def test_a_warning_is_told_once(folder: Path, log: pytest.LogCaptureFixture) -> None:
    (folder / KEY).chmod(0o644)
    store = ProfileStore(folder)
    assert store.reload()
    assert len(told(log, logging.WARNING)) == 1


def test_bad_files_at_the_start_are_an_error(folder: Path) -> None:
    (folder / KEY).unlink()
    with pytest.raises(ConfigError, match="holds no private key"):
        ProfileStore(folder)


def test_the_key_log_is_told_of_and_must_be_writable(
    folder: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    ProfileStore(folder, TlsOptions(key_log=tmp_path / "keys.log"))
    assert told(log, logging.WARNING) == [f"the keys of all TLS connections are written to {tmp_path / 'keys.log'}"]
    with pytest.raises(ConfigError, match=r"none/keys\.log"):
        ProfileStore(folder, TlsOptions(key_log=tmp_path / "none/keys.log"))


def test_what_openssl_refuses_names_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = profiles.pki.load(folder)
    (folder / CHAIN).unlink()
    monkeypatch.setattr(profiles.pki, "load", lambda _: settings)
    with pytest.raises(ConfigError, match="SECC_P256_CERT_CHAIN"):
        ProfileStore(folder)


def test_an_encrypted_key_is_used(folder: Path) -> None:
    root = test_pki.issue("V2G Root", "P-256", path_length=2)
    chain = test_pki.chain("SECC", root, "P-256")
    test_pki.write(folder / test_pki.V2G_ROOT, root.pem)
    test_pki.write_chain(folder / CSO, "SECC", chain, staples=False)
    test_pki.write(folder / KEY, chain[0].key_pem(b"secret"), 0o600)
    test_pki.write(folder / CSO / "SECC_P256_LEAF_PASSWORD.txt", b"secret\n")
    assert ProfileStore(folder).current()


def test_the_library_says_what_it_can() -> None:
    assert profiles.library().startswith("OpenSSL 3")
    assert "status_request_v2 is" in profiles.library()


def test_the_throw_away_keys_are_their_owners_alone(folder: Path) -> None:
    keys = list(folder.rglob("*.key"))
    assert len(keys) > 2
    assert {os.stat(key).st_mode & 0o777 for key in keys} == {0o600}  # noqa: PTH116
