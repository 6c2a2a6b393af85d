"""What the EV's charge parameters have to be, AC or DC."""

from __future__ import annotations

from collections.abc import Iterator

from fastsecc.errors import ProtocolError
from fastsecc.messages import reflection
from fastsecc.messages.iso20 import RationalNumberType
from fastsecc.messages.schema import Type
from fastsecc.session.iso20.context import Iso20Context
from fastsecc.session.iso20.limits import discharge_sign
from fastsecc.session.iso20.numbers import to_float


def check_parameters(parameters: Type, bpt: type[Type], context: Iso20Context) -> None:
    """Refuse parameters of another service, below zero, or whose least is more than their most.

    Args:
        parameters: of a ChargeParameterDiscoveryReq.
        bpt: their class in a bidirectional service.
        context: of the session.

    Raises:
        ProtocolError: FAILED_WrongChargeParameter.
    """
    if isinstance(parameters, bpt) is not context.service.bpt:
        raise ProtocolError(
            "FAILED_WrongChargeParameter", f"{type(parameters).__name__} in service {context.service.category}"
        )
    values = dict(_values(parameters))
    for name, value in values.items():
        sign = discharge_sign(context) if "Discharge" in name else 1
        if value < 0 and sign > 0:
            raise ProtocolError("FAILED_WrongChargeParameter", f"{name} is {value:g}")
        most = values.get(name.replace("Minimum", "Maximum"), value)
        if abs(value) > abs(most):
            raise ProtocolError("FAILED_WrongChargeParameter", f"{name} is {value:g}, more than {most:g}")


def _values(parameters: Type) -> Iterator[tuple[str, float]]:
    for field in reflection.fields(type(parameters)):
        value = getattr(parameters, field.name)
        if isinstance(value, RationalNumberType):
            yield field.name, to_float(value)
