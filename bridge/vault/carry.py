"""A changed citation key carried through the vault: the file that was named after it, and every link and citation.

Several may change at once (``a`` becomes ``b`` while ``b`` becomes ``c``, or two change places), so the changes are
brought into an order in which none is taken for another.

Pure: which files there are, and their reading and writing, is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bridge.core.names import folded
from bridge.vault import links


@dataclass(frozen=True, slots=True)
class Renaming:
    """What is called otherwise from now on.

    ``stems``: old and new base name of a file that was renamed, with the folder it lies in. ``keys``: old and new
    citation key.
    """

    stems: tuple[tuple[str, str, str], ...] = ()
    keys: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.stems or self.keys)


def carry(data: bytes, renaming: Renaming, *, is_canvas: bool = False) -> bytes:
    """A file's bytes with every link and citation following ``renaming``; the very same bytes where it holds none.

    A file that is not UTF-8 is left as it is.
    """
    if not any(links.might_hold(data, old) for old in _olds(renaming)):
        return data
    try:
        text = before = data.decode()
    except UnicodeDecodeError:
        return data
    folders = {folded(old): folder for old, _, folder in renaming.stems}
    for old, new in in_order([(old, new) for old, new, _ in renaming.stems]):
        text = links.rewrite(text, old, new, is_canvas, folder=folders.get(folded(old)))
    for old, new in in_order(renaming.keys):
        text = links.rewrite_citations(text, old, new, is_canvas)
    return data if text == before else text.encode()


def _olds(renaming: Renaming) -> Iterable[str]:
    yield from (old for old, _, _ in renaming.stems)
    yield from (old for old, _ in renaming.keys)


def in_order(changes: Iterable[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Changes that happen at once, as steps to be taken one after the other.

    ``b`` to ``c`` comes before ``a`` to ``b``; a ring goes through a name that nothing else bears.
    """
    left = {old: new for old, new in changes if old != new}
    steps: list[tuple[str, str]] = []
    while left:
        olds = {folded(old): old for old in left}
        free = [old for old, new in left.items() if olds.get(folded(new), old) == old]
        if not free:
            old, new = left.popitem()
            aside = f"{old}-{blake2b(old.encode(), digest_size=8).hexdigest()}"
            steps.append((old, aside))
            left[aside] = new
            continue
        steps += [(old, left.pop(old)) for old in free]
    return steps
