"""`fastsecc certs`, as a user types it; OpenSSL's own command line is the judge of what it makes."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.x509 import ocsp as library

from fastsecc.cli.main import MISTAKE, main
from fastsecc.errors import ConfigError
from fastsecc.security import fetching, files, layouts, ocsp, pki
from fastsecc.sim import test_pki
from fastsecc.sim.backend_ocsp import MAX_REQUEST_OCTETS, OcspResponder, OcspServer
from fastsecc.sim.test_pki import issue, write

Output = pytest.CaptureFixture[str]
NOW = datetime.now(UTC)
TIMEOUT_s = 30


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kinds of keys in both layouts; no test may change it."""
    folder = tmp_path_factory.mktemp("certs") / "pki"
    assert main(["certs", "new", str(folder), "--layout", "both"]) == 0
    return folder


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    """A folder to be spoilt, in EVerest's layout alone."""
    ignored = shutil.ignore_patterns("iso15118_*")
    return shutil.copytree(pristine, tmp_path / "pki", ignore=ignored)


def openssl(*words: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, words)], cwd=cwd, capture_output=True, text=True, check=False)


# new

CHAINS = {"cso/SECC": "v2g/V2G", "cps/CPS": "v2g/V2G", "oem/OEM": "oem/OEM", "mo/MO": "mo/MO"}


@pytest.mark.parametrize(("kind", "root"), [("P256", ""), ("P521", "_P521"), ("Ed448", "_Ed448")])
@pytest.mark.parametrize("name", CHAINS)
def test_openssl_verifies_every_chain(name: str, kind: str, root: str, pristine: Path) -> None:
    chain = pristine / f"client/{name}_{kind}_CERT_CHAIN.pem"
    anchor = pristine / f"ca/{CHAINS[name]}_ROOT_CA{root}.pem"
    done = openssl("verify", "-x509_strict", "-CAfile", anchor, "-untrusted", chain, chain)
    assert (done.returncode, done.stdout) == (0, f"{chain}: OK\n"), done.stderr
    other = pristine / f"ca/{'mo/MO' if 'V2G' in CHAINS[name] else 'v2g/V2G'}_ROOT_CA{root}.pem"
    assert openssl("verify", "-CAfile", other, "-untrusted", chain, chain).returncode != 0


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (
            "client/mo/MO_P256_CERT_CHAIN.pem",
            ["CN = DEFSCC12345678X, DC = MO", "ecdsa-with-SHA256", "prime256v1", "CA:FALSE"],
        ),
        ("client/oem/OEM_P521_CERT_CHAIN.pem", ["CN = FSC12345678901234A, DC = OEM", "ecdsa-with-SHA512", "secp521r1"]),
        (
            "client/oem/OEM_Ed448_CERT_CHAIN.pem",
            ["Signature Algorithm: ED448", "2.5.29.72", "Digital Signature, Key Agreement"],
        ),
        ("client/cso/SECC_P256_CERT_CHAIN.pem", ["DC = CPO", "OCSP - URI:http://127.0.0.1:2560"]),
        ("ca/v2g/V2G_ROOT_CA.pem", ["CN = V2G ROOT CA, DC = V2G", "CA:TRUE, pathlen:2", "Certificate Sign, CRL Sign"]),
        ("issuer/MO_SUB_CA_2_P256.pem", ["CN = MO Sub-CA 2", "CA:TRUE, pathlen:0"]),
        ("issuer/ocsp/MO_SUB_CA_2_P256.pem", ["CN = MO Sub-CA 2 OCSP", "OCSP Signing", "OCSP No Check"]),
    ],
)
def test_openssl_reads_the_certificates(file: str, words: list[str], pristine: Path) -> None:
    text = openssl("x509", "-in", pristine / file, "-noout", "-text").stdout
    assert [word for word in words if word not in text] == []


def test_keys_are_their_certificates_and_their_owners(pristine: Path) -> None:
    keys = [path for path in pristine.rglob("*.key") if "X448" not in path.name]
    assert len(keys) > 60
    for key in keys:
        assert key.stat().st_mode & 0o077 == 0
    for key in pristine.glob("client/*/*_LEAF.key"):
        chain = key.with_name(key.name.replace("_LEAF.key", "_CERT_CHAIN.pem"))
        public = openssl("pkey", "-in", key, "-pubout").stdout
        assert public == openssl("x509", "-in", chain, "-noout", "-pubkey").stdout


def test_keys_in_the_layout_of_test_certificates_are_locked(pristine: Path) -> None:
    folder = pristine / "iso15118_2"
    password = f"file:{folder / 'private_keys/seccLeafPassword.txt'}"
    for name in ("seccLeaf", "contractLeaf", "oemLeaf", "cpsLeaf", "moSubCA2", "v2gRootCA"):
        key = folder / f"private_keys/{name}.key"
        public = openssl("pkey", "-in", key, "-pubout", "-passin", password)
        assert public.stdout == openssl("x509", "-in", folder / f"certs/{name}Cert.pem", "-noout", "-pubkey").stdout
        assert openssl("pkey", "-in", key, "-pubout", "-passin", "pass:other").returncode != 0


def test_staples_are_good(pristine: Path) -> None:
    chain = files.certificates(pristine / "client/cso/SECC_P256_CERT_CHAIN.pem")
    (pristine.parent / "leaf.pem").write_bytes(chain[0].public_bytes(files.Encoding.PEM))
    (pristine.parent / "issuer.pem").write_bytes(chain[1].public_bytes(files.Encoding.PEM))
    words = ["ocsp", "-sha256", "-issuer", "issuer.pem", "-cert", "leaf.pem", "-VAfile", "issuer.pem"]
    done = openssl(*words, "-respin", pristine / "client/cso/ocsp/SECC_P256_0.der", cwd=pristine.parent)
    assert "Response verify OK" in done.stderr
    assert "leaf.pem: good" in done.stdout


def test_what_was_made_serves_tls(pristine: Path, folder: Path) -> None:
    settings = pki.load(folder)
    assert sorted(chain.kind for chain in settings.chains) == ["Ed448", "P-256", "P-521"]
    assert all(None not in chain.staples for chain in settings.chains)
    assert settings.warnings == ()


def test_one_kind_for_a_few_days(tmp_path: Path, capsys: Output) -> None:
    words = ["--kind", "P-521", "--days", "3", "--layout", "test", "--ocsp-url", "http://ocsp.example"]
    assert main(["certs", "new", str(tmp_path / "pki"), *words]) == 0
    assert "valid for 3 days" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "pki").iterdir()] == ["iso15118_20"]
    (leaf,) = files.certificates(tmp_path / "pki/iso15118_20/certs/contractLeafCert.pem")
    assert timedelta(days=2) < leaf.not_valid_after_utc - NOW < timedelta(days=4)
    assert ocsp.responder_url(leaf) == "http://ocsp.example"


def test_nothing_is_written_over(tmp_path: Path, capsys: Output) -> None:
    write(tmp_path / "pki/precious", b"")
    for place in (tmp_path / "pki", tmp_path / "pki/precious"):
        assert main(["certs", "new", str(place)]) == MISTAKE
        assert "is there already, and not an empty folder" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "pki").iterdir()] == ["precious"]
    assert main(["certs", "new", str(tmp_path / "pki/precious/deeper")]) == MISTAKE
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--days", "0"], ["--days", "soon"], ["--kind", "P-384"], ["--layout", "odd"]])
def test_options_that_make_no_sense(words: list[str], tmp_path: Path, capsys: Output) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["certs", "new", str(tmp_path / "pki"), *words])
    assert ended.value.code == MISTAKE
    assert words[0] in capsys.readouterr().err


# check


def check(capsys: Output, *words: str | Path) -> tuple[int, str]:
    code = main(["certs", "check", *map(str, words)])
    return code, capsys.readouterr().out


def test_a_folder_in_order(pristine: Path, capsys: Output) -> None:
    code, text = check(capsys, pristine)
    assert code == 0
    assert "wrong" not in text
    for what in ("a charger's", "a contract's", "a certificate provisioning service's", "a vehicle's"):
        in_order = re.findall(rf"in order: {what} chain to DC=\w+,CN=\w+ ROOT CA, for ISO 15118-(20?)", text)
        assert sorted(in_order) == sorted(["2", "20", "20"] * (1 if what == "a charger's" else 2))
    assert f"MO root {pristine / test_pki.MO_ROOT}" in text
    assert "DC=MO,CN=DEFSCC12345678X: P-256, " in text


def test_a_folder_out_of_order(folder: Path, capsys: Output) -> None:
    (folder / "ca/mo/MO_ROOT_CA.pem").write_bytes(issue("Another", "P-256", path_length=2, days=-1).pem)
    (folder / "client/cps/CPS_P256_LEAF.key").write_text("nonsense")
    write(folder / "crl/odd.crl", b"nonsense")
    code, text = check(capsys, folder)
    assert code == 1
    assert "wrong: it is not valid now" in text
    assert "CN=MO Sub-CA 1: leads to no root that is trusted here (is its root among those of this folder?)" in text
    assert "CPS_P256_LEAF.key: is no private key in PEM" in text
    assert "note: " in text
    assert text.count("in order") == 10


def test_a_folder_without_a_charger(folder: Path, capsys: Output) -> None:
    shutil.rmtree(folder / "client/cso")
    code, text = check(capsys, folder)
    assert code == 1
    assert "wrong: " in text
    assert "holds no charger certificates" in text


def test_a_folder_of_nothing(tmp_path: Path, capsys: Output) -> None:
    assert check(capsys, tmp_path)[0] == 1
    assert check(capsys, tmp_path / "nowhere")[0] == MISTAKE


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "has expired on"),
        (9, "in order: a contract's chain"),
        (9, "note: it expires on"),
    ],
)
def test_a_chain_in_a_file(days: int, words: str, pristine: Path, tmp_path: Path, capsys: Output) -> None:
    made = test_pki.build(days=40)
    leaf = issue(test_pki.EMAID, "P-256", made.contract[1], days=days, extras=test_pki.Extras("MO"))
    write(tmp_path / "chain.pem", b"".join(one.pem for one in (leaf, *made.contract[1:3])))
    write(tmp_path / "roots/ca/mo/root.pem", made.contract[-1].pem)
    code, text = check(capsys, tmp_path / "chain.pem", "--roots", tmp_path / "roots")
    assert code == (1 if days < 0 else 0)
    assert words in text
    code, text = check(capsys, tmp_path / "chain.pem")
    assert code == 1
    assert ("has expired" if days < 0 else "there is no root to compare with (give roots with --roots DIR)") in text


def test_what_a_chain_is_for(pristine: Path, tmp_path: Path, capsys: Output) -> None:
    chain = pristine / "client/cso/SECC_P256_CERT_CHAIN.pem"
    code, text = check(capsys, chain, "--roots", pristine)
    assert (code, "in order: a charger's chain" in text) == (0, True)
    code, text = check(capsys, chain, "--roots", pristine, "--role", "provisioning")
    assert code == 1
    assert "its domain component is CPO, and of a certificate provisioning service it is CPS" in text
    root = pristine / test_pki.V2G_ROOT
    assert "say so with --role" in check(capsys, root)[1]
    (tmp_path / "odd.pem").write_text("nonsense")
    assert check(capsys, tmp_path / "odd.pem")[0] == MISTAKE


# ocsp


@contextmanager
def serving(responder: OcspResponder) -> Iterator[str]:
    with OcspServer(("127.0.0.1", 0), responder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def shown(folder: Path, name: str = "cso/SECC", kind: str = "P256") -> tuple[x509.Certificate, ...]:
    root = {"P256": ""}.get(kind, f"_{kind}")
    kind_of_root = CHAINS[name]
    return (
        *files.certificates(folder / f"client/{name}_{kind}_CERT_CHAIN.pem"),
        *files.certificates(folder / f"ca/{kind_of_root}_ROOT_CA{root}.pem"),
    )


@pytest.mark.parametrize("kind", ["P256", "P521", "Ed448"])
@pytest.mark.parametrize("name", CHAINS)
def test_openssl_asks_our_responder(name: str, kind: str, pristine: Path, tmp_path: Path) -> None:
    whole = shown(pristine, name, kind)
    for number, certificate in enumerate(whole):
        (tmp_path / f"{number}.pem").write_bytes(certificate.public_bytes(files.Encoding.PEM))
    responder = OcspResponder(pristine, [whole[1].serial_number])
    with serving(responder) as url:
        for number, said in enumerate(("good", "revoked", "good")):
            words = ["ocsp", "-issuer", f"{number + 1}.pem", "-cert", f"{number}.pem", "-url", url, "-CAfile", "3.pem"]
            for above in range(number + 1, 3):
                words += ["-verify_other", f"{above}.pem"]
            done = openssl(*words, "-partial_chain", "-trusted_first", "-nonce", cwd=tmp_path)
            assert f"{number}.pem: {said}" in done.stdout, done
            assert "WARNING: no nonce in response" not in done.stderr


def test_requests_by_get_and_bad_ones(pristine: Path) -> None:
    leaf, issuer, *_ = shown(pristine)
    request = ocsp.request(leaf, issuer)
    with serving(OcspResponder(pristine)) as url:
        text = quote(b64encode(request).decode(), safe="")
        with urllib.request.urlopen(f"{url}/{text}", timeout=TIMEOUT_s) as reply:
            assert reply.headers["Content-Type"] == "application/ocsp-response"
            response = library.load_der_ocsp_response(reply.read())
        assert ocsp.is_about(response, leaf, issuer)
        for path, data, status in (("/!", None, 400), ("/", bytes(MAX_REQUEST_OCTETS + 1), 413)):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(urllib.request.Request(url + path, data), timeout=TIMEOUT_s)
            assert caught.value.code == status
            caught.value.close()


def test_what_the_responder_does_not_know(pristine: Path) -> None:
    responder = OcspResponder(pristine)

    def said(request: bytes) -> library.OCSPResponseStatus:
        return library.load_der_ocsp_response(responder.answer(request)).response_status

    foreign = test_pki.build().charger
    leaf, issuer, *_ = shown(pristine)
    assert said(b"nonsense") is library.OCSPResponseStatus.MALFORMED_REQUEST
    assert said(ocsp.request(foreign[0].certificate, foreign[1].certificate)) is library.OCSPResponseStatus.UNAUTHORIZED
    assert said(ocsp.request(leaf, foreign[1].certificate)) is library.OCSPResponseStatus.UNAUTHORIZED
    assert said(ocsp.request(leaf, issuer)) is library.OCSPResponseStatus.SUCCESSFUL


def test_folders_that_cannot_be_served(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no keys of authorities"):
        OcspResponder(tmp_path)
    with pytest.raises(ConfigError, match="no certificate with serial number 5"):
        OcspResponder(folder, [5])


def test_serve_and_fetch_on_the_command_line(folder: Path, capsys: Output) -> None:
    serial = f"{shown(folder)[0].serial_number:x}"
    words = [sys.executable, "-m", "fastsecc", "certs", "ocsp", "serve", str(folder), "--port", "0", "--revoke", serial]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = process.stdout.readline()
            assert ready.startswith("ready ocsp=http://127.0.0.1:")
            url = ready.strip().partition("=")[2]

            def ask(_: str, request: bytes) -> bytes:
                return fetching.over_http(url, request)

            shutil.rmtree(folder / "client/cso/ocsp")
            done = fetching.fetch(folder, NOW, ask)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(TIMEOUT_s) == 0
    refused = [one for one in done if one.path is None]
    assert [one.certificate for one in refused] == ["DC=CPO,CN=SECC P-256"]
    assert "says that it is revoked" in refused[0].reason
    assert len(done) == 9
    settings = pki.load(folder)
    stapled = {chain.kind: [staple is not None for staple in chain.staples] for chain in settings.chains}
    assert stapled == {"P-256": [False, True, True], "P-521": [True] * 3, "Ed448": [True] * 3}
    # nobody listens any more where the certificates say
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fetching, "over_http", lambda url, request: (_ for _ in ()).throw(OSError("refused")))
        assert main(["certs", "ocsp", "fetch", str(folder)]) == 1
    assert capsys.readouterr().out.count("no answer from http://127.0.0.1:2560: refused") == 9


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"nonsense", "no answer from"),
        (
            library.OCSPResponseBuilder.build_unsuccessful(library.OCSPResponseStatus.TRY_LATER).public_bytes(
                files.Encoding.DER
            ),
            "says TRY_LATER",
        ),
    ],
)
def test_answers_of_no_use(answer: bytes, reason: str, folder: Path) -> None:
    done = fetching.fetch(folder, NOW, lambda url, request: answer)
    assert all(one.path is None and reason in one.reason for one in done)


def test_answers_about_others_and_by_others(folder: Path) -> None:
    foreign = test_pki.build().charger
    about_another = test_pki.vouch(foreign[0], foreign[1])
    done = fetching.fetch(folder, NOW, lambda url, request: about_another)
    assert {one.reason.partition(": ")[2] for one in done} == {"answers about another certificate"}
    own = OcspResponder(folder)
    late = NOW + timedelta(days=30)
    done = fetching.fetch(folder, late, lambda url, request: own.answer(request))
    assert {one.reason.partition(": ")[2] for one in done} == {"says nothing that counts"}


def test_certificates_without_a_responder(tmp_path: Path, capsys: Output) -> None:
    test_pki.make(tmp_path, staples=False, ocsp_url=None)
    assert main(["certs", "ocsp", "fetch", str(tmp_path)]) == 1
    assert capsys.readouterr().out.count("names no OCSP responder") == 3


def test_addresses_that_are_none() -> None:
    with pytest.raises(ValueError, match="is no HTTP address"):
        fetching.over_http("file:///etc/passwd", b"")


def test_staples_are_written_or_it_is_said(folder: Path) -> None:
    shutil.rmtree(folder / "client/cso/ocsp")
    (folder / "client/cso/ocsp").write_text("in the way")
    responder = OcspResponder(folder)
    with pytest.raises(ConfigError, match="cannot be written"):
        fetching.fetch(folder, NOW, lambda url, request: responder.answer(request))


def test_a_port_that_is_taken(pristine: Path) -> None:
    responder = OcspResponder(pristine)
    with (
        OcspServer(("127.0.0.1", 0), responder) as server,
        pytest.raises(ConfigError, match=r"cannot listen on 127\.0\.0\.1"),
    ):
        OcspServer(("127.0.0.1", server.server_port), responder)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["new", "pki", "--days", "0"], "0 is not from 1 to 36500"),
        (["new", "pki", "--ocsp-url", "http://\u00fc/"], "is not ASCII"),
        (["ocsp", "serve", "pki", "--port", "65536"], "65536 is not from 0 to 65535"),
        (["ocsp", "serve", "pki", "--revoke", "zz"], "'zz' is not hexadecimal"),
    ],
)
def test_options_that_cannot_be(words: list[str], reason: str, capsys: Output) -> None:
    with pytest.raises(SystemExit) as ending:
        main(["certs", *words])
    assert ending.value.code == MISTAKE
    assert reason in capsys.readouterr().err


def test_roots_that_are_not_there(pristine: Path, capsys: Output) -> None:
    assert main(["certs", "check", str(pristine), "--roots", str(pristine / "nowhere")]) == MISTAKE
    assert "nowhere: is no folder" in capsys.readouterr().err


def test_layouts_know_every_file_that_was_made(pristine: Path) -> None:
    assert (
        len(layouts.contracts(pristine)) == len(layouts.vehicles(pristine)) == len(layouts.provisioning(pristine)) == 6
    )
    assert [path.name for path in (pristine / "client/oem/agreement").iterdir()] == ["OEM_Ed448_X448.key"]
