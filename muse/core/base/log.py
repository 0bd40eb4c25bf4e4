"""The logger `muse`: silent, unless `MUSE_LOG` names a level."""

from __future__ import annotations

import os

VARIABLE = "MUSE_LOG"


def debug(message: str, *values: object) -> None:
    """Log one line for whoever looks into a problem. Imports nothing while nobody does."""
    if os.environ.get(VARIABLE):
        _logger().debug(message, *values)


def problem(message: str) -> None:
    """Log an unexpected exception with its traceback; called while it is handled."""
    if os.environ.get(VARIABLE):
        _logger().error(message, exc_info=True)


def _logger() -> _Logger:
    import logging

    logger = logging.getLogger("muse")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        logger.addHandler(handler)
        level = os.environ[VARIABLE].upper()
        logger.setLevel(level if level in logging.getLevelNamesMapping() else logging.DEBUG)
    return logger


TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger as _Logger
