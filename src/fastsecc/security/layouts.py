"""Where things lie in a folder of certificates; no file is opened here.

Two layouts are known, told apart by what is there: EVerest's (`ca/v2g`, `ca/mo`, `client/cso`) and that of the
usual ISO 15118 test certificates (`iso15118_2/certs`, `iso15118_2/private_keys`, and `iso15118_20` likewise).
OCSP responses lie in a folder `ocsp` beside the certificates, in either.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastsecc.errors import ConfigError

EVEREST_CHAINS = Path("client/cso")
EVEREST_ROOTS = Path("ca")
TEST_FOLDERS = "iso15118_*"
TEST_CHAIN = Path("certs/cpoCertChain.pem")
TEST_ROOT = Path("certs/v2gRootCACert.pem")
TEST_KEY = Path("private_keys/seccLeaf.key")
EVEREST_VEHICLE = Path("client/oem")
TEST_VEHICLE_CHAIN = Path("certs/oemCertChain.pem")
TEST_VEHICLE_KEY = Path("private_keys/oemLeaf.key")
EVEREST_CONTRACT = Path("client/mo")
EVEREST_PROVISIONING = Path("client/cps")
EVEREST_ISSUERS = Path("issuer")
V2G = "v2g"
"""Which roots issue the charger's certificates; those of all kinds issue an EV's."""


@dataclass(frozen=True, slots=True)
class ChainFiles:
    """What may make up one chain of the charger."""

    key: Path
    chains: tuple[Path, ...]
    """Candidates, the most likely first: the leaf's public key tells which one is the key's."""
    passwords: tuple[Path, ...]
    """Where the key's password may stand."""
    ocsp: Path
    """Folder of OCSP responses; need not be there."""


@dataclass(frozen=True, slots=True)
class SignerFiles:
    """What may make up somebody who signs: a key, and certificates in any order."""

    key: Path
    passwords: tuple[Path, ...]
    certificates: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of a folder that matter."""

    chains: tuple[ChainFiles, ...]
    v2g_roots: tuple[Path, ...]
    other_roots: tuple[Path, ...]
    """Mobility operators' and vehicle makers'."""

    @property
    def files(self) -> tuple[Path, ...]:
        """Give every file that is there."""
        found = [*self.v2g_roots, *self.other_roots]
        for chain in self.chains:
            found += [chain.key, *chain.chains, *chain.passwords, *_sorted(chain.ocsp, "*.der")]
        return tuple(dict.fromkeys(path for path in found if path.exists()))


def find(folder: Path) -> Layout:
    """See what lies in a folder.

    Raises:
        ConfigError: it does not exist, or has none of the known layouts.
    """
    if not folder.is_dir():
        raise ConfigError("is no folder" if folder.exists() else "does not exist", file=folder)
    if (folder / EVEREST_CHAINS).is_dir():
        return _everest(folder)
    test_folders = [path for path in _sorted(folder, TEST_FOLDERS) if (path / "certs").is_dir()]
    if test_folders:
        return _test_certificates(test_folders)
    raise ConfigError(f"holds no charger certificates: neither {EVEREST_CHAINS} nor iso15118_2/certs", file=folder)


def v2g_roots(folder: Path) -> tuple[Path, ...]:
    """Find who vouches for chargers; the folder need not hold more than that.

    Raises:
        ConfigError: there is none.
    """
    roots = *_sorted(folder / EVEREST_ROOTS / V2G, "*.pem"), *_sorted(folder, f"{TEST_FOLDERS}/{TEST_ROOT}")
    if not roots:
        raise ConfigError(f"holds no V2G root certificate (ca/v2g/*.pem or iso15118_2/{TEST_ROOT})", file=folder)
    return roots


def vehicle(folder: Path) -> ChainFiles | None:
    """Find what an EV shows who it is with; None: the folder holds no vehicle's certificate."""
    place = folder / EVEREST_VEHICLE
    for key in _sorted(place, "*.key"):
        chains = tuple(_sorted(place, "*CHAIN*.pem"))
        if chains:
            return ChainFiles(key, chains, _passwords(key), place / "ocsp")
    for path in _sorted(folder, f"{TEST_FOLDERS}/{TEST_VEHICLE_KEY}"):
        chain = path.parents[1] / TEST_VEHICLE_CHAIN
        if chain.exists():
            return ChainFiles(path, (chain,), _passwords(path), chain.parent / "ocsp")
    return None


def roots(folder: Path, kind: str) -> tuple[Path, ...]:
    """Find the roots of a kind: v2g, mo or oem. There may be none."""
    everest = _sorted(folder / EVEREST_ROOTS / kind, "*.pem")
    return *everest, *_sorted(folder, f"{TEST_FOLDERS}/certs/{kind}RootCACert.pem")


def revocations(folder: Path) -> tuple[Path, ...]:
    """Find the folders of OCSP responses and revocation lists."""
    patterns = ("{}", "ca/*/{}", "client/*/{}", f"{TEST_FOLDERS}/certs/{{}}")
    return tuple(
        path for name in ("ocsp", "crl") for pattern in patterns for path in _sorted(folder, pattern.format(name))
    )


def contracts(folder: Path) -> tuple[SignerFiles, ...]:
    """Find contracts and their keys, as an EV has them."""
    return _signers(folder, EVEREST_CONTRACT, "*_LEAF.key", "contractLeaf.key")


def vehicles(folder: Path) -> tuple[SignerFiles, ...]:
    """Find a vehicle's provisioning certificates and their keys."""
    return _signers(folder, EVEREST_VEHICLE, "*_LEAF.key", "oemLeaf.key")


def provisioning(folder: Path) -> tuple[SignerFiles, ...]:
    """Find who signs what is installed in an EV."""
    return _signers(folder, EVEREST_PROVISIONING, "*_LEAF.key", "cpsLeaf.key")


def contract_issuers(folder: Path) -> tuple[SignerFiles, ...]:
    """Find who issues contracts: the mobility operator's sub-CAs that are next to the leaf."""
    return _signers(folder, EVEREST_ISSUERS, "MO_SUB_CA_2_*.key", "moSubCA2.key")


def vehicle_authorities(folder: Path) -> tuple[Path, ...]:
    """Find certificates of vehicle makers' authorities: an EV of ISO 15118-2 does not send them."""
    known = "client/oem/*.pem", "ca/oem/*.pem", "issuer/OEM_*.pem", f"{TEST_FOLDERS}/certs/oem*.pem"
    return tuple(path for pattern in known for path in _sorted(folder, pattern))


def vehicle_agreement_keys(folder: Path) -> tuple[Path, ...]:
    """Find a vehicle's keys that are for key agreement alone."""
    return *_sorted(folder / EVEREST_VEHICLE / "agreement", "*.key"), *_sorted(
        folder, f"{TEST_FOLDERS}/private_keys/oemLeafX448.key"
    )


def _signers(folder: Path, everest: Path, keys: str, test_key: str) -> tuple[SignerFiles, ...]:
    found = [
        SignerFiles(key, _passwords(key), tuple(_sorted(folder / everest, "*.pem")))
        for key in _sorted(folder / everest, keys)
    ]
    for key in _sorted(folder, f"{TEST_FOLDERS}/private_keys/{test_key}"):
        certificates = tuple(_sorted(key.parents[1] / "certs", "*.pem"))
        found.append(SignerFiles(key, (*_passwords(key), key.with_name(f"{key.stem}LeafPassword.txt")), certificates))
    return tuple(found)


def _everest(folder: Path) -> Layout:
    place = folder / EVEREST_CHAINS
    certificates = tuple(_sorted(place, "*.pem"))
    keys = _sorted(place, "*.key")
    if not keys:
        raise ConfigError("holds no private key (*.key)", file=place)
    roots = folder / EVEREST_ROOTS
    others = [path for kind in ("mo", "oem") for path in _sorted(roots / kind, "*.pem")]
    return Layout(
        chains=tuple(ChainFiles(key, certificates, _passwords(key), place / "ocsp") for key in keys),
        v2g_roots=tuple(_sorted(roots / V2G, "*.pem")),
        other_roots=tuple(others),
    )


def _test_certificates(folders: list[Path]) -> Layout:
    chains, v2g, others = [], [], []
    for folder in folders:
        key, chain = folder / TEST_KEY, folder / TEST_CHAIN
        chains.append(ChainFiles(key, (chain,), _passwords(key), chain.parent / "ocsp"))
        v2g += _sorted(folder, str(TEST_ROOT))
        others += [path for kind in ("mo", "oem") for path in _sorted(chain.parent, f"{kind}RootCACert.pem")]
    return Layout(tuple(chains), tuple(v2g), tuple(others))


def _passwords(key: Path) -> tuple[Path, ...]:
    return tuple(key.with_name(f"{key.stem}{end}") for end in ("Password.txt", "_PASSWORD.txt"))


def _sorted(folder: Path, pattern: str) -> list[Path]:
    return sorted(folder.glob(pattern))
