"""Simulators: an EV, a charger's power electronics. For the demo, the tests and a bench without hardware."""
