"""The charger's side of ISO 15118 and DIN SPEC 70121."""

__version__ = "0.1.0"
