"""Who is on the other side of the charger interface."""
