"""The functions a formula begins its terms with; their arguments are Better BibTeX's, in its order.

A function's name here is its name in a formula, without regard to case and but for a last ``_`` where Python has the
name already; so are those of its arguments. Each takes the paper first. One that finds
the formula unfit for a paper raises :class:`SkipError`: the next alternative is tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from bridge.citekeys.facts import Creator, Work
from bridge.citekeys.words import fold, significant

Function: TypeAlias = Callable[..., str]

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PAGES: Final = re.compile(r"[-\s,\u2013]+")
_DATE: Final = re.compile(r"%(-?)([Yymd%])")
_NAME: Final = re.compile(r"%\(([fgiI])\)(?:\.(\d+))?s")


class SkipError(Exception):
    """An alternative of the formula does not fit the paper."""


# --- people -----------------------------------------------------------------------------------------------------------


def _initials(one: Creator, *, every: bool = True) -> str:
    """The capitals of the given name: ``Ada Maria`` is ``AM``."""
    given = one.given if every else one.given[:1]
    return "".join(character for character in fold("".join(c for c in given if c.isupper())) if character.isupper())


def _named(one: Creator, *, initials: bool) -> str:
    return one.family + _initials(one) if initials else one.family


def _families(work: Work, creator: str, *, initials: bool) -> list[str]:
    return [_named(one, initials=initials) for one in work.people(creator)]


def auth(work: Work, n: int = 0, m: int = 1, creator: str = "*", initials: bool = False) -> str:
    """The first ``n`` (0: all) characters of the ``m``-th author's last name."""
    people = work.people(creator)
    if not 1 <= m <= len(people):
        return ""
    one = people[m - 1]
    return (one.family[:n] if n > 0 else one.family) + (_initials(one) if initials else "")


def authforeini(work: Work, creator: str = "*") -> str:
    """The initials of the first author's given names."""
    people = work.people(creator)
    return _initials(people[0]) if people else ""


def authorlast(work: Work, creator: str = "*", initials: bool = False) -> str:
    """The last name of the last author."""
    return (_families(work, creator, initials=initials) or [""])[-1]


def authorlastforeini(work: Work, creator: str = "*") -> str:
    """The initials of the last author's given names."""
    people = work.people(creator)
    return _initials(people[-1]) if people else ""


def authors(
    work: Work,
    n: int = 0,
    creator: str = "*",
    name: str = "%(f)s",
    etal: str = "",
    sep: str = " ",
    min_: int = 0,
    max_: int = 0,
) -> str:
    """The first ``n`` (0: all) authors, and ``etal`` for the others; skips where they are not ``min`` to ``max``."""
    people = work.people(creator)
    if (min_ and len(people) < min_) or (max_ and len(people) > max_):
        raise SkipError
    shown = [_by_template(one, name) for one in (people[:n] if n > 0 else people)]
    if not etal or not 0 < n < len(people):
        return sep.join(shown)
    return sep.join(shown) + (sep + etal if etal.isalpha() else etal)


def _by_template(one: Creator, template: str) -> str:
    parts = {"f": one.family, "g": one.given, "i": _initials(one, every=False), "I": _initials(one)}
    return _NAME.sub(lambda found: parts[found[1]][: int(found[2]) if found[2] else None], template)


def authorsn(work: Work, n: int = 0, creator: str = "*", initials: bool = False, sep: str = " ") -> str:
    """The last names of the first ``n`` authors, with ``EtAl`` for the others."""
    names = _families(work, creator, initials=initials)
    return sep.join([*names[:n], "EtAl"] if 0 < n < len(names) else names)


def authorsalpha(work: Work, creator: str = "*", initials: bool = False, sep: str = " ") -> str:
    """As the BibTeX style "alpha": three letters of one author, the initials of up to four, three and ``+`` of more."""
    names = _families(work, creator, initials=initials)
    if len(names) == 1:
        return names[0][:3]
    heads = sep.join(name[:1] for name in (names if len(names) <= 4 else names[:3]))
    return heads + ("+" if len(names) > 4 else "")


def authini(work: Work, n: int = 0, creator: str = "*", initials: bool = False, sep: str = ".") -> str:
    """The first ``n`` (0: all) characters of each author's last name."""
    return sep.join(name[:n] if n > 0 else name for name in _families(work, creator, initials=initials))


def authorini(work: Work, creator: str = "*", initials: bool = False, sep: str = ".") -> str:
    """Five characters of the first author's last name, and the initials of the others'."""
    names = _families(work, creator, initials=initials)
    rest = sep.join(name[:1] for name in names[1:])
    return sep.join(part for part in (names[0][:5] if names else "", rest) if part)


def authauthea(work: Work, creator: str = "*", initials: bool = False, sep: str = ".") -> str:
    """The last names of the first two authors, and ``ea`` for more."""
    names = _families(work, creator, initials=initials)
    return sep.join([*names[:2], *(["ea"] if len(names) > 2 else [])])


def authetal(work: Work, creator: str = "*", initials: bool = False, sep: str = " ") -> str:
    """The last name of the first author, and that of the second if they are two, ``EtAl`` if they are more."""
    return _first_and(work, creator, "EtAl", sep, initials=initials)


def authetal2(work: Work, creator: str = "*", initials: bool = False, sep: str = ".") -> str:
    """As ``authEtAl``, with ``etal``."""
    return _first_and(work, creator, "etal", sep, initials=initials)


def _first_and(work: Work, creator: str, others: str, sep: str, *, initials: bool) -> str:
    names = _families(work, creator, initials=initials)
    return sep.join(names if len(names) <= 2 else [names[0], others])


def authshort(work: Work, creator: str = "*", initials: bool = False, sep: str = ".") -> str:
    """The last name of a lone author, else the initials of up to three last names, with ``+`` for more."""
    names = _families(work, creator, initials=initials)
    if len(names) < 2:
        return "".join(names)
    return sep.join(name[:1] for name in names[:3]) + ("+" if len(names) > 3 else "")


# --- title ------------------------------------------------------------------------------------------------------------


def title(work: Work) -> str:
    """The significant words of the title."""
    return " ".join(significant(work.title))


def shorttitle(work: Work, n: int = 3, m: int = 0) -> str:
    """The first ``n`` significant words of the title, the first ``m`` of them with a capital."""
    words = significant(work.title)[: max(0, n)]
    if m > 0:  # a capital is a matter of letters that have one
        words = [fold(word, german=work.is_german) for word in words]
    return " ".join(word[:1].upper() + word[1:] if place < m else word for place, word in enumerate(words))


def veryshorttitle(work: Work, n: int = 1, m: int = 0) -> str:
    """As ``shorttitle``, of one word."""
    return shorttitle(work, n, m)


# --- dates and places -------------------------------------------------------------------------------------------------


def year(work: Work) -> str:
    """The year of publication."""
    return work.year


def shortyear(work: Work) -> str:
    """Its last two digits."""
    return work.year[-2:]


def month(work: Work) -> str:
    """The month of publication: ``jan`` to ``dec``."""
    number = work.published[5:7]
    return _MONTHS[int(number) - 1] if number else ""


def date(work: Work, format_: str = "%Y-%m-%d") -> str:
    """The date of publication by ``%Y``, ``%y``, ``%m`` and ``%d`` (``%-m`` without a zero), as far as it is known."""
    parts = dict(zip("Ymd", work.published.split("-") if work.published else (), strict=False))
    parts["y"] = work.year[-2:]
    shown = ""
    before = 0
    for found in _DATE.finditer(format_):
        value = "%" if found[2] == "%" else parts.get(found[2], "")
        if not value:
            return shown
        shown += format_[before : found.start()] + (value.lstrip("0") if found[1] else value)
        before = found.end()
    return shown + format_[before:]


def journal(work: Work, abbrev: str = "abbrev+auto") -> str:
    """The journal's abbreviation, or where there is none its name."""
    short = "" if abbrev in ("full", "off", "auto") else work.fields.get("journalabbreviation", "")
    return short or work.fields.get("publicationtitle", "")


def firstpage(work: Work) -> str:
    """The first page."""
    return _PAGES.split(work.fields.get("pages", ""))[0]


def lastpage(work: Work) -> str:
    """The last page."""
    return _PAGES.split(work.fields.get("pages", ""))[-1]


# --- the item ---------------------------------------------------------------------------------------------------------


def type_(work: Work, *allowed: str) -> str:
    """The item type; with arguments nothing, but this alternative is for those types only."""
    if not allowed:
        return work.kind
    if work.kind.casefold() not in {each.casefold() for each in allowed}:
        raise SkipError
    return ""


def item(work: Work) -> str:
    """Zotero's key of the item."""
    return work.key


_ALL: Final[tuple[Function, ...]] = (
    auth, authforeini, authorlast, authorlastforeini, authors, authorsn, authorsalpha, authini, authorini, authauthea,
    authetal, authetal2, authshort, title, shorttitle, veryshorttitle, year, shortyear, month, date, journal, firstpage,
    lastpage, type_, item,
)  # fmt: skip
FUNCTIONS: Final[Mapping[str, Function]] = {each.__name__.rstrip("_"): each for each in _ALL}
