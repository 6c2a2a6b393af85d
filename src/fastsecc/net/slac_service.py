"""SLAC of one connector: the machine at its interface, behind the `slac` interface."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastsecc.charger.interface import COMMUNICATION_FAULT
from fastsecc.charger.slac_interface import SlacInterface
from fastsecc.errors import InterfaceError
from fastsecc.net.slac_port import SlacPort
from fastsecc.slac.api import SlacOutput, SlacSettings, SlacState
from fastsecc.slac.machine import SlacMachine

log = logging.getLogger(__name__)


class SlacService:
    """Takes cmds to the machine, and what it says to the interface; the port takes care of frames and time."""

    def __init__(self, settings: SlacSettings, slac: SlacInterface, on_up: Callable[[], None] | None = None) -> None:
        """Make it; cmds are taken from now on, and remembered until there is an interface.

        Args:
            settings: the machine's.
            slac: the connector's interface.
            on_up: called each time the network interface has become usable.
        """
        self._slac = slac
        self._on_up = on_up
        self._machine = SlacMachine(settings)
        self._port: SlacPort | None = None
        slac.on_command = self._on_command

    def start(self, interface: str) -> None:
        """Run on a network interface, or wait for it; needs a running event loop.

        Raises:
            CapabilityError: raw frames are not permitted.
        """
        if self._port is not None and self._port.interface == interface:
            return
        self.stop()
        port = SlacPort(interface, self._machine, self._on_output, on_trouble=self._on_trouble)
        port.start()
        self._port = port

    def stop(self) -> None:
        """Leave the logical network, and give the network interface back."""
        if self._port is None:
            return
        driver = self._port.driver
        if self._machine.state is SlacState.MATCHED:
            driver.dlink_terminate()
        driver.down()
        self._port.stop()
        self._port = None

    def _on_command(self, name: str, now: float) -> None:
        if self._port is None:
            self._on_output(getattr(self._machine, name)(now))
        else:
            getattr(self._port.driver, name)()

    def _on_output(self, output: SlacOutput) -> None:
        connector = self._slac.connector
        for line in output.log:
            log.info("%s: SLAC: %s", connector, line)
        for line in output.warnings:
            log.warning("%s: SLAC: %s", connector, line)
        for fault in output.faults:
            self._fault(fault.message)
        for variable in output.variables:
            if variable.name == "state":
                log.info("%s: SLAC: %s", connector, variable.payload)
            self._slac.publish(variable.name, variable.payload)

    def _on_trouble(self, trouble: InterfaceError | None) -> None:
        if trouble is not None:
            log.warning("%s: SLAC: %s", self._slac.connector, trouble)
        self._fault(None if trouble is None else f"Device {trouble.interface}: {trouble.reason}")
        if trouble is None and self._on_up is not None:
            self._on_up()

    def _fault(self, message: str | None) -> None:
        if message is None:
            self._slac.clear_error(COMMUNICATION_FAULT)
        else:
            self._slac.raise_error(COMMUNICATION_FAULT, message)
