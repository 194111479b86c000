"""The filters a formula sends a text through; their arguments are Better BibTeX's, in its order.

Each takes the paper and the text first; names as in :mod:`bridge.citekeys.functions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from bridge.citekeys import words
from bridge.citekeys.facts import Work
from bridge.citekeys.functions import SkipError

Filter: TypeAlias = Callable[..., str]

_NOT_ASCII: Final = re.compile(r"[^ -~]")
_RELATIONS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}


def lower(_: Work, text: str) -> str:
    """In lower case."""
    return text.lower()


def upper(_: Work, text: str) -> str:
    """In capitals."""
    return text.upper()


def capitalize(_: Work, text: str) -> str:
    """The first letter of each word as a capital."""
    return re.sub(r"(?:^|(?<=\s))\S", lambda found: found[0].upper(), text)


def condense(_: Work, text: str, sep: str = "") -> str:
    """``sep`` in place of spaces."""
    return re.sub(r"\s+", lambda _: sep, text)


def skipwords(_: Work, text: str, nopunct: bool = False) -> str:
    """Without the words that say nothing."""
    return " ".join(words.significant(text, plain=nopunct))


def select(_: Work, text: str, start: int = 1, n: int = 0) -> str:
    """``n`` (0: all) words from the ``start``-th on; negative: counted from the end."""
    found = text.split()
    first = max(len(found) + start, 0) if start < 0 else max(start - 1, 0)
    return " ".join(found[first : first + n if n > 0 else None])


def substring(_: Work, text: str, start: int = 1, n: int = 0) -> str:
    """``n`` (0: all) characters from the ``start``-th on."""
    first = max(start - 1, 0)
    return text[first : first + n if n > 0 else None]


def abbr(_: Work, text: str, chars: int = 1) -> str:
    """The first letters of its words."""
    return "".join(word[:chars] for word in text.split())


def ascii_(_: Work, text: str) -> str:
    """Without all that is not ASCII."""
    return " ".join(_NOT_ASCII.sub("", text).split())


def alphanum(_: Work, text: str) -> str:
    """Letters and digits only."""
    return "".join(character for character in text if character.isalnum())


def transliterate(work: Work, text: str, mode: str = "") -> str:
    """In ASCII, by sound; ``mode`` ``german`` makes ``ue`` of ``ü`` in any paper, ``minimal`` in none."""
    german = work.is_german if not mode else mode in ("de", "german")
    return words.fold(text, german=german)


def clean(work: Work, text: str) -> str:
    """In ASCII, and without what no key may hold; spaces stay."""
    return " ".join(words.safe(word) for word in transliterate(work, text).split())


def nopunct(_: Work, text: str, dash: str = "-") -> str:
    """Without punctuation."""
    return words.without_punctuation(text, dash)


def nopunctordash(_: Work, text: str) -> str:
    """Without punctuation and dashes."""
    return words.without_punctuation(text, "")


def ideographs(_: Work, text: str) -> str:
    """Each ideograph a word."""
    return words.ideographs(text)


def replace(_: Work, text: str, find: str | re.Pattern[str], replace: str) -> str:
    """``replace`` for what is found, without regard to case where that is a text and no pattern."""
    pattern = re.compile(re.escape(find), re.IGNORECASE) if isinstance(find, str) else find
    return pattern.sub(lambda _: replace, text) if pattern.pattern else text


def match(_: Work, text: str, match: str | re.Pattern[str]) -> str:
    """Skips where it is not found; of a pattern with groups, what they caught."""
    pattern = re.compile(re.escape(match), re.IGNORECASE) if isinstance(match, str) else match
    if (found := pattern.search(text)) is None:
        raise SkipError
    return "".join(part or "" for part in found.groups()) if pattern.groups else text


def len_(_: Work, text: str, relation: str = ">", length: int = 0) -> str:
    """Skips where the number of characters is not as asked."""
    characters = sum(not character.isspace() for character in text)
    if relation not in _RELATIONS or not _RELATIONS[relation](characters, length):
        raise SkipError
    return text


def prefix(_: Work, text: str, prefix: str) -> str:
    """With a text before it, unless it is empty."""
    return prefix + text if text else text


def postfix(_: Work, text: str, postfix: str) -> str:
    """With a text behind it, unless it is empty."""
    return text + postfix if text else text


def default(_: Work, text: str, instead: str) -> str:
    """Another text, where it is empty."""
    return text or instead


def numeric(_: Work, text: str) -> str:
    """Nothing, unless it begins with a number."""
    return text if re.match(r"\s*[-+]?\d", text) else ""


def discard(_: Work, _text: str) -> str:
    """Nothing."""
    return ""


_ALL: Final[tuple[Filter, ...]] = (
    lower, upper, capitalize, condense, skipwords, select, substring, abbr, ascii_, alphanum, transliterate, clean,
    nopunct, nopunctordash, ideographs, replace, match, len_, prefix, postfix, default, numeric, discard,
)  # fmt: skip
FILTERS: Final[Mapping[str, Filter]] = {each.__name__.rstrip("_"): each for each in _ALL} | {"fold": transliterate}
