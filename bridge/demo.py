"""The demo: a starter vault with a practice library inside it, ready for a first sync.

Everything is in one folder, which is made only where nothing else is; taking the folder away takes all of it away, but
for its state. Made again in the same folder, it harms nothing: what is there stays.
"""

from __future__ import annotations

from pathlib import Path

from bridge.config import CONFIG_PATH, Config, LibraryConfig
from bridge.config.sections import SandboxConfig, TimeConfig
from bridge.errors import UsageError
from bridge.init import Setup, copy_template, set_up, system_zone
from bridge.machine import state_dir

DATA = ".bridge/sandbox"
"""Where the practice library's data are, in the vault."""


def make(folder: Path) -> bool:
    """Make the demo vault, or finish one that was interrupted; whether it had to be made.

    :raises UsageError: the folder holds something else.
    :raises VaultError: the folder cannot be written.
    """
    data = folder / DATA
    if (folder / CONFIG_PATH).exists():
        if not data.is_dir():
            raise UsageError(f"{folder} is a vault already, and no demo; name another folder: bridge demo DIR")
        return False
    # The library's folder is made first: a demo that was interrupted is known by it.
    if not data.is_dir() and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not empty; name another folder: bridge demo DIR")
    from bridge.sandbox.server import SandboxServer  # a web server; only here and in demo vaults

    server = SandboxServer(data, seed="demo")
    server.stop()
    copy_template(folder)
    config = Config(
        library=(LibraryConfig(id=server.library),),
        time=TimeConfig(zone=system_zone()),
        sandbox=SandboxConfig(data=DATA),
    )
    set_up(folder, Setup(config), state_dir())
    return True
