"""ISO 15118-20, paid by the EV's contract: its installation, the challenge, signed meter readings and prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from fastsecc.errors import CertificateError, EvError, KeyWrapError, SignatureError
from fastsecc.messages import iso20
from fastsecc.messages.iso20.common_types import V2GRequestType
from fastsecc.messages.xmldsig import SignatureType
from fastsecc.security import chain, installation
from fastsecc.security.signature import ECDSA_P256, ISO20, Part, sign, verify
from fastsecc.security.signers import Signer
from fastsecc.sim.ev.common import ask_until_finished
from fastsecc.sim.ev.phase import Phase, StopSession
from fastsecc.sim.ev.timers import V2G_EVCC_Ongoing_Timeout_s

if TYPE_CHECKING:
    from fastsecc.sim.ev.machine import Ev
    from fastsecc.sim.ev.pnc_wallet import Wallet

ALGORITHMS: Final = (*ISO20, ECDSA_P256)
"""What this EV takes: P-256, too, as it may have such a contract itself."""
RULES: Final = chain.Rules(chain.ISO20_KINDS | chain.ISO2_KINDS)
MOST_CONTRACTS: Final = 8
ID: Final = "id1"

PriceSchedule = iso20.AbsolutePriceScheduleType | iso20.PriceLevelScheduleType
R = TypeVar("R", bound=V2GRequestType)


def authorization(ev: Ev, offer: iso20.AuthorizationSetupRes) -> Phase[None]:
    """Get contracts if that is wished for, and sign the challenge with one.

    Raises:
        EvError: the EV has no contract.
        StopSession: the charger takes no contracts, or refuses this one.
    """
    if offer.PnC_ASResAuthorizationMode is None:
        raise StopSession(f"the EVSE offers {', '.join(offer.AuthorizationServices)}, not PnC")
    if ev.settings.certificate is not None:
        yield from _install(ev, offer)
    mode = _mode(ev, offer.PnC_ASResAuthorizationMode.GenChallenge)
    signature = sign([Part(mode)], _contract(ev).key)  # one signature: while it waits the EV repeats its request

    def request() -> iso20.AuthorizationReq:
        return _signed(
            iso20.AuthorizationReq(
                Header=ev.header,
                SelectedAuthorizationService=iso20.AuthorizationType.PnC,
                PnC_AReqAuthorizationMode=mode,
            ),
            signature,
        )

    response = yield from ask_until_finished(ev, request, V2G_EVCC_Ongoing_Timeout_s)
    if not response.ResponseCode.startswith("OK"):
        raise StopSession(f"Authorization: {response.ResponseCode}")


def confirmation(ev: Ev, data: iso20.SignedMeteringDataType) -> iso20.MeteringConfirmationReq:
    """Make a MeteringConfirmationReq, signed where there is a contract to sign with."""
    request = iso20.MeteringConfirmationReq(Header=ev.header, SignedMeteringData=data)
    if ev.settings.auth != "pnc":
        return request
    ev.receipts += 1
    return _signed(request, sign([Part(data)], _contract(ev).key))


def check_prices(ev: Ev, response: iso20.ScheduleExchangeRes) -> None:
    """See that prices which are signed are the contract's provider's: its sub-CA signs them.

    Raises:
        EvError: they are not.
    """
    if response.Header.Signature is None or ev.settings.auth != "pnc":
        return
    parts = [Part(prices) for prices in _prices(response)]
    try:
        verify(response.Header.Signature, parts, _contract(ev).chain[1].public_key(), ALGORITHMS)
    except SignatureError as error:
        raise EvError(f"ScheduleExchangeReq: the prices: {error}") from error


def _prices(response: iso20.ScheduleExchangeRes) -> Iterator[PriceSchedule]:
    """Find what can be signed of the prices."""
    scheduled = response.Scheduled_SEResControlMode
    tuples = [] if scheduled is None else scheduled.ScheduleTuple
    holders = [one.ChargingSchedule for one in tuples] + [one.DischargingSchedule for one in tuples]
    for holder in (*holders, response.Dynamic_SEResControlMode):
        if holder is not None:
            prices = holder.AbsolutePriceSchedule or holder.PriceLevelSchedule
            if prices is not None and prices.Id is not None:
                yield prices


def _mode(ev: Ev, challenge: bytes) -> iso20.PnC_AReqAuthorizationModeType:
    leaf, *sub_cas = _contract(ev).octets
    shown = iso20.ContractCertificateChainType(
        Certificate=leaf, SubCertificates=iso20.SubCertificatesType(Certificate=sub_cas)
    )
    return iso20.PnC_AReqAuthorizationModeType(Id=ID, GenChallenge=challenge, ContractCertificateChain=shown)


def _install(ev: Ev, offer: iso20.AuthorizationSetupRes) -> Phase[None]:
    """Fetch every contract that there is for this vehicle; the first one is the one to pay by.

    Raises:
        EvError: what comes is of no use.
        StopSession: there is none to be had.
    """
    if not offer.CertificateInstallationService:
        raise StopSession("the EVSE has no certificate installation service")
    wallet = ev.wallet
    if wallet is None or wallet.vehicle is None:
        raise EvError("there is no vehicle's certificate to install a contract by")
    found: list[Signer] = []
    remaining = 1
    while remaining:
        request = _installation_request(ev, wallet, wallet.vehicle)
        response = yield from ask_until_finished(ev, request, V2G_EVCC_Ongoing_Timeout_s)
        if not response.ResponseCode.startswith("OK"):
            raise StopSession(f"CertificateInstallation: {response.ResponseCode}")
        found.append(_take(ev, wallet, wallet.vehicle, response))
        remaining = response.RemainingContractCertificateChains
    wallet.contract = found[0]
    ev.installed = len(found)


def _installation_request(ev: Ev, wallet: Wallet, vehicle: Signer) -> Callable[[], iso20.CertificateInstallationReq]:
    leaf, *sub_cas = vehicle.octets
    subs = iso20.SubCertificatesType(Certificate=sub_cas) if sub_cas else None
    shown = iso20.SignedCertificateChainType(Id=ID, Certificate=leaf, SubCertificates=subs)
    signature = sign([Part(shown)], vehicle.key)
    roots = wallet.root_ids

    def request() -> iso20.CertificateInstallationReq:
        return _signed(
            iso20.CertificateInstallationReq(
                Header=ev.header,
                OEMProvisioningCertificateChain=shown,
                ListOfRootCertificateIDs=iso20.ListOfRootCertificateIDsType(RootCertificateID=roots),
                MaximumContractCertificateChains=MOST_CONTRACTS,
            ),
            signature,
        )

    return request


def _take(ev: Ev, wallet: Wallet, vehicle: Signer, response: iso20.CertificateInstallationRes) -> Signer:
    """Unwrap a contract, after a provisioning service below a V2G root has vouched for it.

    Raises:
        EvError: nobody vouches for it, or its key does not come out.
    """
    data, sent = response.SignedInstallationData, response.CPSCertificateChain
    subs = [] if sent.SubCertificates is None else sent.SubCertificates.Certificate
    try:
        provisioning = chain.load([sent.Certificate, *subs])
        chain.validate(provisioning, chain.CPS, wallet.v2g_roots, datetime.fromtimestamp(ev.unix_s, UTC), RULES)
        verify(response.Header.Signature, [Part(data)], provisioning[0].public_key(), ALGORITHMS)
        if wallet.unwrapping_key is None:
            raise KeyWrapError("the vehicle has no key for key agreement")
        got = installation.installed_iso20(data, wallet.unwrapping_key, vehicle.leaf)
        return Signer(got.key, chain.load(got.chain))
    except (CertificateError, SignatureError, KeyWrapError) as error:
        raise EvError(f"CertificateInstallationReq: {error}") from error


def _contract(ev: Ev) -> Signer:
    if ev.wallet is None or ev.wallet.contract is None:
        raise EvError("there is no contract to pay by")
    return ev.wallet.contract


def _signed(request: R, signature: SignatureType) -> R:
    request.Header.Signature = signature
    return request
