"""The configuration of one vault: ``.bridge/config.toml``, checked at the edge.

:mod:`~bridge.config.model` and :mod:`~bridge.config.sections` hold what may stand in it, :mod:`~bridge.config.parts`
what sections are made of; :mod:`~bridge.config.file` reads and writes the file. Everything that is refused is refused
at start, with the file, the key and what is allowed there.
"""

from bridge.config.file import CONFIG_PATH, parse, read, render
from bridge.config.model import Config
from bridge.config.sections import LibraryConfig

__all__ = ["CONFIG_PATH", "Config", "LibraryConfig", "parse", "read", "render"]
