"""The power line between car and charger, simulated: medium, modems, and the car's side of SLAC."""
