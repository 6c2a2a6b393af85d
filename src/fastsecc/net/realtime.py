"""What the process asks of the system so that it is never late, and what the log says when it does not get it."""

from __future__ import annotations

import logging

from fastsecc._link import fifo_refused, lock_memory
from fastsecc.config import Config

log = logging.getLogger(__name__)


def prepare(config: Config) -> None:
    """Lock memory if that is wanted, and say once what is not permitted; nothing of it is an error."""
    priority = config.link.fifo_priority
    if refused := fifo_refused(priority):
        log.warning(
            "the charge loop is answered at normal priority: SCHED_FIFO %d: %s (it takes CAP_SYS_NICE, or systemd's "
            "LimitRTPRIO=%d)",
            priority,
            refused,
            priority,
        )
    if config.memory_lock and (failed := lock_memory()):
        log.warning("memory is not locked: %s (it takes CAP_IPC_LOCK, or systemd's LimitMEMLOCK=infinity)", failed)
