"""Sockets, the event loop and the clock: the only room that knows them."""
