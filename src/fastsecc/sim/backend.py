"""A back end that issues contracts itself, for tests, demonstrations and closed sites.

It answers certificate requests as the interface carries them, from the authorities' keys in a folder: the mobility
operator's sub-CA issues, the certificate provisioning service signs. A request that is refused is answered, too: with
the code that says why.
"""

from __future__ import annotations

import base64
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from fastsecc import exi
from fastsecc.charger.charger import Charger
from fastsecc.errors import CertificateError, ConfigError, Fault, KeyWrapError, ProtocolError, SignatureError
from fastsecc.messages import iso2, iso20
from fastsecc.messages.namespaces import NAMESPACES
from fastsecc.messages.xmldsig import SignatureType
from fastsecc.security import chain, emaid, files, installation, key_wrap, layouts, ocsp, signers, trust
from fastsecc.security.signature import ISO2, ISO20, Part, verify
from fastsecc.security.signers import Signer
from fastsecc.session.refusal import refuse
from fastsecc.sim.issuing import Extras, Identity, KeyKind, issue
from fastsecc.sim.test_pki import EMAID

log = logging.getLogger(__name__)

REQUEST: Final = "iso15118_certificate_request"
ANSWER: Final = "set_get_certificate_response"
SCHEMAS: Final = {NAMESPACES[name].uri: name for name in ("iso2", "iso20")}
CONTRACT_DAYS: Final = 365
LAST: Final = 255
"""Rank of a contract that an EV did not ask for."""

RequestIso2 = iso2.CertificateInstallationReq | iso2.CertificateUpdateReq


@dataclass(frozen=True, slots=True)
class Authorities:
    """Who issues and signs, and whom the back end trusts."""

    issuers: Mapping[str, Signer]
    """Mobility operator's sub-CAs, by kind of key."""
    provisioning: Mapping[str, Signer]
    """Certificate provisioning services, by kind of key."""
    trust: trust.TrustStore
    vehicle_authorities: tuple[x509.Certificate, ...]

    @classmethod
    def read(cls, folder: Path) -> Authorities:
        """Read a folder.

        Raises:
            ConfigError: it lacks what is needed, or a file cannot be used.
        """
        issuers = {one.kind: one for one in signers.read_all(layouts.contract_issuers(folder))}
        provisioning = {one.kind: one for one in signers.read_all(layouts.provisioning(folder))}
        if not issuers.keys() & provisioning.keys():
            reason = "holds nobody who issues contracts: no key of a mobility operator's sub-CA and of a CPS"
            raise ConfigError(reason, file=folder)
        pool = [one for path in layouts.vehicle_authorities(folder) for one in files.certificates(path)]
        return cls(issuers, provisioning, trust.load(folder), tuple(dict.fromkeys(pool)))


class IssuingBackEnd:
    """Answers certificate requests."""

    def __init__(
        self,
        authorities: Authorities,
        emaids: Sequence[str] = (EMAID,),
        *,
        clock: Callable[[], float] = time.time,
        days: int = CONTRACT_DAYS,
    ) -> None:
        """Make the back end.

        Args:
            authorities: who issues and signs.
            emaids: contracts that every vehicle gets: with ISO 15118-2 the first.
            clock: gives Unix seconds.
            days: how long a contract's certificate is valid.
        """
        self._authorities = authorities
        self._emaids = [str(emaid.parse(one)) for one in emaids]
        self._clock = clock
        self._days = days
        self._rest: dict[str, tuple[bytes, deque[str]]] = {}
        """By vehicle: the session in which it fetches contracts, and those to come (ISO 15118-20)."""

    def attach(self, charger: Charger, now: Callable[[], float] = time.monotonic) -> Callable[[], None]:
        """Answer the requests of a charger; call what is returned to end that.

        Args:
            charger: whose sessions ask.
            now: gives `now` for cmds, monotonic seconds.
        """

        def on_variable(name: str, value: Any) -> None:
            if name == REQUEST:
                charger.command(ANSWER, {"certificate_response": self.respond(value)}, now())

        return charger.subscribe(on_variable)

    def respond(self, request: Mapping[str, str]) -> dict[str, str]:
        """Answer `iso15118_certificate_request` with `certificate_response`."""
        action = request["certificate_action"]
        try:
            octets = base64.b64decode(request["exi_request"], validate=True)
            response = self.answer(octets, request["iso15118_schema_version"])
        except Exception:
            # a request that nobody foresaw must not end the charger's session
            log.exception("the issuing back end cannot answer a certificate request")
            return {"status": "Failed", "certificate_action": action}
        return {
            "status": "Accepted",
            "exi_response": base64.b64encode(response).decode(),
            "certificate_action": action,
        }

    def answer(self, exi_request: bytes, schema_version: str) -> bytes:
        """Answer a request, EXI, with a response, EXI.

        Raises:
            DecodeError: it cannot be read.
            ValueError: it is no certificate request, or of a schema that has none.
        """
        if schema_version not in SCHEMAS:
            raise ValueError(f"no certificate requests in {schema_version}")
        message = exi.decode(exi_request, SCHEMAS[schema_version])
        if isinstance(message, iso20.CertificateInstallationReq):
            return exi.encode(self._answer_iso20(message))
        body = message.Body.BodyElement if isinstance(message, iso2.V2G_Message) else None
        if isinstance(body, RequestIso2):
            return exi.encode(self._answer_iso2(message.Header, body))
        raise ValueError(f"a {type(body or message).__name__} is no certificate request")

    # ISO 15118-2

    def _answer_iso2(self, header: iso2.MessageHeaderType, request: RequestIso2) -> iso2.V2G_Message:
        body: iso2.CertificateInstallationRes | iso2.CertificateUpdateRes
        signature: SignatureType | None = None
        try:
            made = self._issue_iso2(header.Signature, request)
            body, signature = made.body, made.signature
        except (ProtocolError, SignatureError, CertificateError, KeyWrapError) as error:
            log.warning("the issuing back end refuses: %s", error)
            if isinstance(request, iso2.CertificateUpdateReq):
                body = refuse(iso2.CertificateUpdateRes, _code_iso2(error), {})
            else:
                body = refuse(iso2.CertificateInstallationRes, _code_iso2(error), {})
        return iso2.V2G_Message(
            Header=iso2.MessageHeaderType(SessionID=header.SessionID, Signature=signature),
            Body=iso2.BodyType(BodyElement=body),
        )

    def _issue_iso2(self, signature: SignatureType | None, request: RequestIso2) -> installation.SignedIso2:
        authorities = self._authorities
        if isinstance(request, iso2.CertificateInstallationReq):
            (receiver,) = chain.load([request.OEMProvisioningCert])
            verify(signature, [Part(request)], receiver.public_key(), ISO2)
            self._validate(chain.assemble(receiver, authorities.vehicle_authorities), chain.OEM, "OEM", chain.Rules())
            contract = self._new_contract(self._first_emaid(), "P-256")
            return installation.install_iso2(contract, receiver, authorities.provisioning["P-256"])
        sent = request.ContractSignatureCertChain
        shown = chain.load([sent.Certificate, *(sent.SubCertificates.Certificate if sent.SubCertificates else ())])
        verify(signature, [Part(request)], shown[0].public_key(), ISO2)
        self._validate(shown, chain.CONTRACT, "MO", chain.Rules())
        held = chain.common_name(shown[0])
        if not emaid.same(held, request.eMAID) or emaid.normal(held) not in self._emaids:
            raise ProtocolError("FAILED_NoCertificateAvailable", f"there is no contract {request.eMAID} for {held}")
        contract = self._new_contract(emaid.normal(held), "P-256")
        return installation.update_iso2(contract, shown[0], authorities.provisioning["P-256"])

    def _first_emaid(self) -> str:
        if not self._emaids:
            raise ProtocolError("FAILED_NoCertificateAvailable", "there are no contracts")
        return self._emaids[0]

    # ISO 15118-20

    def _answer_iso20(self, request: iso20.CertificateInstallationReq) -> iso20.CertificateInstallationRes:
        header = iso20.MessageHeaderType(SessionID=request.Header.SessionID, TimeStamp=int(self._clock()))
        try:
            made, cps, remaining = self._issue_iso20(request)
        except (ProtocolError, SignatureError, CertificateError, KeyWrapError) as error:
            log.warning("the issuing back end refuses: %s", error)
            known = {"Header": header, "EVSEProcessing": iso20.ProcessingType.Finished}
            return refuse(iso20.CertificateInstallationRes, _code_iso20(error), known)
        header.Signature = made.signature
        return iso20.CertificateInstallationRes(
            Header=header,
            ResponseCode=iso20.ResponseCodeType.OK,
            EVSEProcessing=iso20.ProcessingType.Finished,
            CPSCertificateChain=installation.chain_iso20(cps),
            SignedInstallationData=made.data,
            RemainingContractCertificateChains=remaining,
        )

    def _issue_iso20(self, request: iso20.CertificateInstallationReq) -> tuple[installation.SignedIso20, Signer, int]:
        sent = request.OEMProvisioningCertificateChain
        shown = chain.load([sent.Certificate, *(sent.SubCertificates.Certificate if sent.SubCertificates else ())])
        verify(request.Header.Signature, [Part(sent)], shown[0].public_key(), ISO20)
        whole = shown if len(shown) > 1 else chain.assemble(shown[0], self._authorities.vehicle_authorities)
        self._validate(whole, chain.OEM, "OEM", chain.Rules(chain.ISO20_KINDS))
        kind = files.kind(shown[0].public_key()) or ""
        if kind not in self._authorities.issuers or kind not in self._authorities.provisioning:
            raise ProtocolError("WARNING_CertificateValidationError", f"nobody here issues {kind} certificates")
        chosen, remaining = self._next_contract(chain.common_name(shown[0]), request)
        cps = self._authorities.provisioning[kind]
        return installation.install_iso20(self._new_contract(chosen, kind), shown[0], cps), cps, remaining

    def _next_contract(self, pcid: str, request: iso20.CertificateInstallationReq) -> tuple[str, int]:
        """Choose which contract is next for a vehicle, and tell how many come after it."""
        session, rest = self._rest.get(pcid, (b"", deque[str]()))
        if not rest or session != request.Header.SessionID:
            wanted = [] if request.PrioritizedEMAIDs is None else request.PrioritizedEMAIDs.EMAID
            ordered = sorted(self._emaids, key=lambda one: _rank(one, wanted))
            rest = deque(ordered[: request.MaximumContractCertificateChains])
            self._rest[pcid] = request.Header.SessionID, rest
        if not rest:
            raise ProtocolError("WARNING_NoContractMatchingPCIDFound", f"there are no contracts for {pcid}")
        return rest.popleft(), len(rest)

    # both

    def _new_contract(self, name: str, kind: str) -> Signer:
        issuer = self._authorities.issuers[kind]
        key = key_wrap.new_contract_key(kind)
        url = ocsp.responder_url(issuer.leaf)
        of: KeyKind = "P-256" if kind == "P-256" else "P-521" if kind == "P-521" else "Ed448"
        signer = Identity(issuer.leaf, issuer.key)
        made = issue(name, of, signer, days=self._days, extras=Extras("MO", url), key=key)
        return Signer(key, (made.certificate, *issuer.chain))

    def _validate(
        self, shown: Sequence[x509.Certificate], role: chain.Role, kind: trust.Kind, rules: chain.Rules
    ) -> None:
        store = self._authorities.trust
        now = datetime.fromtimestamp(self._clock(), UTC)
        chain.validate(shown, role, store.anchors(kind), now, rules, store.is_revoked)


def _rank(name: str, wanted: Iterable[str]) -> int:
    """Order contracts as an EV wants them, the others after these."""
    places = [place for place, one in enumerate(wanted) if emaid.same(one, name)]
    return places[0] if places else LAST


def _code_iso2(error: ProtocolError | SignatureError | CertificateError | KeyWrapError) -> str:
    if isinstance(error, ProtocolError):
        return error.response_code
    strangers = (Fault.no_root, Fault.unknown_root, Fault.issuer_expired, Fault.issuer_not_yet_valid)
    if isinstance(error, CertificateError) and error.fault in strangers:
        return Fault.chain.value[0]  # what these say elsewhere is no code of these responses
    return error.iso2_code


def _code_iso20(error: ProtocolError | SignatureError | CertificateError | KeyWrapError) -> str:
    if isinstance(error, ProtocolError):
        return error.response_code
    return "WARNING_CertificateValidationError" if isinstance(error, KeyWrapError) else error.iso20_code
