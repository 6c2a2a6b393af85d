"""pyslac as an EVSE that matches again and again: run by the interpreter that pyslac is installed for."""

from __future__ import annotations

import asyncio
import logging
import sys

from pyslac import session
from pyslac.environment import Config


async def main() -> None:
    """Set the key once, then match; a match that fails is followed by the next."""
    config = Config()
    config.load_envs()
    evse = session.SlacEvseSession("bench", sys.argv[1], config)
    await evse.evse_set_key()
    while True:
        try:
            await evse.evse_slac_parm()
            await evse.cm_start_atten_charac()
            await evse.cm_sounds_loop()
            await evse.cm_atten_char()
            await evse.cm_slac_match()
        except Exception as failure:
            print(f"pyslac: {failure!r}", file=sys.stderr)


session.SLAC_SETTLE_TIME = 0  # for a real modem, which this is not
for name in logging.root.manager.loggerDict:
    logging.getLogger(name).setLevel(logging.CRITICAL)
logging.getLogger().setLevel(logging.CRITICAL)
asyncio.run(main())
