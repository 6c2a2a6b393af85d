"""EVerest's ISO15118_charger interface, typed once: 28 cmds in, 46 vars out, one Charger a connector."""
