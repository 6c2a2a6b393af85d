"""SLAC, EVSE side, without sockets and clocks: Ethernet frames and the time go in, frames and vars come out."""
