"""Keys that no other paper bears: ``smith2020``, then ``smith2020a``, ``smith2020b`` … ``smith2020aa``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
        self._free: dict[str, int] = {}  # by stem, the first number that nobody bears

    def make(self, work: Work, is_free: Callable[[str], bool] = lambda _: True) -> str:
        """The key of one more paper; one that the formula says nothing about is called by its item key.

        :param is_free: whether this paper may take a key, as far as others than papers are asked.
        """
        stem = self._formula.key(work) or f"zotero-{work.key}"
        number = self._free.get(stem.casefold(), 0)
        while (stem + suffix(number)).casefold() in self._taken:
            number += 1
        self._free[stem.casefold()] = number  # a library of a thousand papers of one name is not gone through each time
        while (key := stem + suffix(number)).casefold() in self._taken or not is_free(key):
            number += 1
        self._taken.add(key.casefold())
        return key


def suffix(number: int) -> str:
    """What tells the papers of one stem apart: ``""``, then ``a`` to ``z``, then ``aa`` and so on."""
    letters = ""
    while number > 0:
        number, letter = divmod(number - 1, len(ascii_lowercase))
        letters = ascii_lowercase[letter] + letters
    return letters
