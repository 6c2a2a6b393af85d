"""The TLS profiles that new connections are made with: as new as the files of their folder."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from fastsecc._link import (
    TLS_ANSWERS_STATUS_REQUEST_V2,
    TLS_LIBRARY,
    TLS_STAPLES_WHOLE_CHAIN,
    TlsChain,
    TlsFileError,
    TlsProfiles,
)
from fastsecc.errors import ConfigError
from fastsecc.security import layouts, pki, staples

log = logging.getLogger(__name__)

Stamp = dict[Path, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class TlsOptions:
    """What the files do not say."""

    client_certificate: Literal["tls13", "never", "always"] = "tls13"
    """Of whom one is demanded."""
    key_log: Path | None = None
    """Where the keys of every connection are written."""


class ProfileStore:
    """Reads a folder, and reads it again when its files have changed.

    A connection keeps the profiles that it began with. Files that cannot be used are told of once and change nothing:
    what was read before is served on.
    """

    def __init__(self, folder: Path, options: TlsOptions | None = None) -> None:
        """Read a folder.

        Args:
            folder: in one of the layouts that `layouts` knows.
            options: None: the defaults.

        Raises:
            ConfigError: names the file at fault and the reason.
        """
        self.folder = folder
        self.options = options or TlsOptions()
        self._warned: frozenset[str] = frozenset()
        self._stamp = _stamp(folder)
        self._profiles, self._fresh_until = self._read()
        if self.options.key_log is not None:
            log.warning("the keys of all TLS connections are written to %s", self.options.key_log)

    def current(self) -> TlsProfiles:
        """Give the profiles for a connection that begins now; a look at the files tells whether these have changed."""
        too_old = self._fresh_until is not None and self._fresh_until <= staples.today()
        if too_old or _stamp(self.folder) != self._stamp:
            self.reload()
        return self._profiles

    def reload(self) -> bool:
        """Read the folder again, changed or not; tell whether it could be used."""
        self._stamp = _stamp(self.folder)  # before it is read: what changes meanwhile is seen the next time
        try:
            self._profiles, self._fresh_until = self._read()
        except ConfigError as trouble:
            self._fresh_until = None
            log.error("%s; the certificates read before are served on", trouble)
            return False
        return True

    def _read(self) -> tuple[TlsProfiles, datetime | None]:
        settings = pki.load(self.folder)
        profiles = build(settings, self.options)
        for warning in settings.warnings:
            if warning not in self._warned:
                log.warning("%s", warning)
        self._warned = frozenset(settings.warnings)
        for chain in settings.chains:
            stapled = sum(staple is not None for staple in chain.staples)
            log.info("TLS chain: %s, %d of %d certificates with OCSP staple", chain.label, stapled, len(chain.staples))
        return profiles, settings.fresh_until


def build(settings: pki.TlsSettings, options: TlsOptions) -> TlsProfiles:
    """Make profiles for the link thread.

    Raises:
        ConfigError: OpenSSL cannot use a file, or the key log cannot be written.
    """
    chains = [
        TlsChain(
            certificates=(chain.chain_file,),
            private_key=chain.key_file,
            password=chain.password,
            ocsp=chain.staples,
            roots=() if chain.root_file is None else (chain.root_file,),
            label=chain.label,
        )
        for chain in settings.chains
    ]
    try:
        return TlsProfiles(
            chains,
            client_anchors=settings.client_anchors,
            client_certificate=options.client_certificate,
            key_log=options.key_log,
        )
    except TlsFileError as trouble:
        raise ConfigError(str(trouble)) from None


def library() -> str:
    """Say in one line which OpenSSL is in use, and what it can staple."""
    what = "every certificate of a chain with TLS 1.3" if TLS_STAPLES_WHOLE_CHAIN else "the leaf's certificate"
    v2 = "is answered" if TLS_ANSWERS_STATUS_REQUEST_V2 else "is not answered: this library cannot"
    return f"{TLS_LIBRARY}: staples for {what}; status_request_v2 {v2}"


def _stamp(folder: Path) -> Stamp:
    """Tell one state of the files from another, without reading them."""
    try:
        return {path: _state(path) for path in layouts.find(folder).files}
    except (ConfigError, OSError):  # in the midst of a change; reading it tells the trouble
        return {}


def _state(path: Path) -> tuple[int, ...]:
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode
