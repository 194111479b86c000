"""Keys that no other paper bears: ``smith2020``, then ``smith2020a``, ``smith2020b`` … ``smith2020aa``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from string import ascii_lowercase

from bridge.citekeys.facts import Work
from bridge.citekeys.formula import Formula


class Keys:
    """Makes keys, each unlike all that are taken and all it made before, without regard to case.

    (BibTeX tells ``Liu2022`` from ``liu2022``, but neither BibLaTeX's tools nor the disks of most people do.)

    :param taken: keys that others bear.
    """

    def __init__(self, formula: Formula, taken: Iterable[str]) -> None:
        self._formula = formula
        self._taken = {key.casefold() for key in taken}

    def make(self, work: Work, is_free: Callable[[str], bool] = lambda _: True) -> str:
        """The key of one more paper; one that the formula says nothing about is called by its item key.

        :param is_free: whether this paper may take a key, as far as others than papers are asked.
        """
        stem = self._formula.key(work) or f"zotero-{work.key}"
        for number in count():
            key = stem + suffix(number)
            if key.casefold() not in self._taken and is_free(key):
                self._taken.add(key.casefold())
                return key
        raise AssertionError("unreachable")  # pragma: no cover


def suffix(number: int) -> str:
    """What tells the papers of one stem apart: ``""``, then ``a`` to ``z``, then ``aa`` and so on."""
    letters = ""
    while number > 0:
        number, letter = divmod(number - 1, len(ascii_lowercase))
        letters = ascii_lowercase[letter] + letters
    return letters
