"""The sources of the templates for notes: a person's own file where there is one, else the built-in one (R34)."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from bridge.errors import ConfigError, NoteError
from bridge.vault import files


class Templates:
    """Templates by file name, each read once until :meth:`forget`.

    :param folder: the person's folder of templates, relative to the vault.
    """

    def __init__(self, root: Path, folder: str) -> None:
        self._root, self._folder = root, folder
        self._read: dict[str, str] = {}

    def forget(self) -> None:
        """A person may have edited them since."""
        self._read.clear()

    def is_own(self, name: str) -> bool:
        """Whether the person has a template of this name.

        :raises ConfigError: it cannot be read.
        """
        return self._own(name) is not None

    def source(self, name: str) -> str:
        """The source of a template.

        :raises ConfigError: the person's own cannot be read.
        """
        if name not in self._read:
            own = self._own(name)
            self._read[name] = built_in(name) if own is None else own
        return self._read[name]

    def _own(self, name: str) -> str | None:
        path = self._root / self._folder / name
        try:
            if files.stat_of(path) is None or not files.is_inside(self._root, path):
                return None
            return files.read_stable(path)[0].decode()
        except (NoteError, UnicodeDecodeError) as error:
            reason = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
            raise ConfigError(f"{self._folder}/{name}: {reason}") from None


@lru_cache
def built_in(name: str) -> str:
    """The source of a built-in template."""
    from importlib.resources import files as resources

    return (resources("bridge.vault") / "templates" / name).read_text("utf-8")
