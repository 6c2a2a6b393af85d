"""The log of a long-running command: plain text or JSON lines on standard error, with levels for the journal."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from fastsecc.config import LogConfig

PLAIN: Final = "%(asctime)s.%(msecs)03d %(levelname)-7s %(name)s: %(message)s"
JOURNAL: Final = "%(name)s: %(message)s"
"""The journal has the time and the level itself."""
PRIORITIES: Final = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""As sd-daemon(3) and syslog number them."""


class JsonFormatter(logging.Formatter):
    """One JSON object a record: time (UTC), level, logger, message, and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{second}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class JournalFormatter(logging.Formatter):
    """What another formatter gives, each line with the level's number in front, which the journal takes off again."""

    def __init__(self, inner: logging.Formatter) -> None:
        """Take over from another formatter."""
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Give the lines."""
        level = f"<{PRIORITIES.get(record.levelno, 6)}>"
        return "\n".join(level + line for line in self._inner.format(record).splitlines())


def goes_to_journal(environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether standard error is the journal's own stream, as systemd says in JOURNAL_STREAM."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):  # closed, or not there at all
        return False
    return environment.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def set_up_log(config: LogConfig) -> logging.Logger:
    """Let the package's log go where the configuration says; give its logger."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(config.json, goes_to_journal()))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    log = logging.getLogger("fastsecc")
    log.setLevel(config.level.upper())
    return log


def _formatter(as_json: bool, journal: bool) -> logging.Formatter:
    plain = logging.Formatter(JOURNAL) if journal else logging.Formatter(PLAIN, "%H:%M:%S")
    formatter = JsonFormatter() if as_json else plain
    return JournalFormatter(formatter) if journal else formatter
