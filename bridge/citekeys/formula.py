"""Formulas: read once, then made into keys.

The grammar is the everyday part of Better BibTeX's::

    formula     = alternative { "|" alternative }          the first that gives a text is taken
    alternative = term { "+" term }
    term        = text | name [arguments] { "." name [arguments] }
    arguments   = "(" [ argument { "," argument } ] ")"
    argument    = [ name "=" ] ( text | number | word | /pattern/ )

A name that begins with a capital is a field of Zotero (``PublicationTitle``), others are functions; what follows a dot
are filters. A formula that is not one is refused with the place and, for a name, the nearest that there is.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from bridge.citekeys.facts import Work
from bridge.citekeys.filters import FILTERS
from bridge.citekeys.functions import FUNCTIONS, SkipError
from bridge.citekeys.words import fold, safe
from bridge.data import schema
from bridge.errors import ConfigError

Argument: TypeAlias = str | int | bool | re.Pattern[str]
Source: TypeAlias = Callable[[Work], str]
Step: TypeAlias = Callable[[Work, str], str]

_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<pattern>/(?:[^/\\\n]|\\.)+/[a-z]*)
    | (?P<number>-?\d+)
    | (?P<name>[^\W\d]\w*)
    | (?P<mark>\|\|?|[+.(),=])
    | (?P<end>$)
    )""",
    re.VERBOSE,
)
#: Characters of a name that an error quotes; every function and nearly every field is shorter, an API key is not.
_LONGEST: Final = 24
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_WORDS: Final[Mapping[str, bool]] = {"true": True, "false": False}
_KINDS: Final[Mapping[type, str]] = {str: "a text", int: "a number", bool: "true or false", re.Pattern: "a pattern"}


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


@dataclass(frozen=True, slots=True)
class Term:
    """One term: where its text comes from, and what is made of it."""

    source: Source
    steps: tuple[Step, ...] = ()

    def __call__(self, work: Work) -> str:
        """The term's text for a paper."""
        text = self.source(work)
        for step in self.steps:
            text = step(work, text)
        return text


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that can be used; ``text`` is as it was written."""

    text: str
    alternatives: tuple[tuple[Term, ...], ...] = field(repr=False)

    def key(self, work: Work) -> str:
        """The citation key of a paper, in ASCII, before it is told apart from others; ``""`` where nothing fits."""
        for terms in self.alternatives:
            try:
                text = "".join(term(work) for term in terms)
            except SkipError:
                continue
            if key := safe(fold(text, german=work.is_german)):
                return key
        return ""


def parse(text: str) -> Formula:
    """Read a formula.

    :raises ConfigError: it is none, or asks for what is not known here; says where, and what may be meant.
    """
    if text.lstrip().startswith("["):
        raise ConfigError(
            "this is Better BibTeX's old form, in brackets; the present one is written like auth.lower + year"
        )
    parser = _Parser(text)
    return Formula(text, parser.formula())


class _Parser:
    """Reads a formula from left to right, one token ahead."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._token = self._read()

    def formula(self) -> tuple[tuple[Term, ...], ...]:
        alternatives = [self._alternative()]
        while self._takes("|", "||"):
            alternatives.append(self._alternative())
        if self._token.kind != "end":
            self._fail(f"{_quoted(self._token)} was not expected")
        return tuple(alternatives)

    def _alternative(self) -> tuple[Term, ...]:
        terms = [self._term()]
        while self._takes("+"):
            terms.append(self._term())
        return tuple(terms)

    def _term(self) -> Term:
        token = self._token
        if token.kind == "text":
            self._next()
            return Term(partial(_said, _unquoted(token.text)), self._filters())
        if token.kind != "name":
            self._fail("a function, a field or a text in quotes is missing")
        self._next()
        if token.text[0].isupper() and token.text.casefold() in _fields():
            if self._token.text == "(":
                self._fail(f"{token.text} is a field of Zotero and takes no arguments")
            return Term(partial(_field, token.text.casefold()), self._filters())
        if token.text[0].isupper() and token.text.casefold() not in FUNCTIONS:
            self._fail(f"Zotero has no field {_quoted(token)}{_near(token.text, _fields())}", token)
        return Term(self._call(token, FUNCTIONS, "function", 1), self._filters())

    def _filters(self) -> tuple[Step, ...]:
        steps: list[Step] = []
        while self._takes("."):
            name = self._token
            if name.kind != "name":
                self._fail("the name of a filter is missing")
            self._next()
            steps.append(self._call(name, FILTERS, "filter", 2))
        return tuple(steps)

    # --- calls

    def _call(self, name: _Token, known: Mapping[str, Callable[..., str]], what: str, own: int) -> Callable[..., str]:
        """A function or filter with its arguments; it takes ``own`` of its own before them."""
        called = known.get(name.text.casefold())
        if called is None:
            others = FILTERS if known is FUNCTIONS else FUNCTIONS
            also = f"; {name.text} is a {'filter' if known is FUNCTIONS else 'function'}"
            hint = also if name.text.casefold() in others else _near(name.text, known)
            self._fail(f"there is no {what} {_quoted(name)}{hint}", name)
        values, named = self._arguments() if self._takes("(") else ([], {})
        signature = inspect.signature(called)
        try:
            bound = signature.bind(*[None] * own, *values, **named)
        except TypeError as error:
            self._fail(f"{name.text}: {str(error).replace('_', '')}", name)
        for argument, value in list(bound.arguments.items())[own:]:
            parameter = signature.parameters[argument]
            for one in value if parameter.kind is parameter.VAR_POSITIONAL else (value,):
                self._check(name, parameter, one)
        return _applied(called, own, values, named)

    def _check(self, name: _Token, parameter: inspect.Parameter, value: Argument) -> None:
        """Whether an argument is of the kind that the function's own annotation asks for."""
        kind = re.Pattern if isinstance(value, re.Pattern) else type(value)
        allowed = {"str": (str,), "int": (int,), "bool": (bool,)}.get(str(parameter.annotation), (str, re.Pattern))
        if kind not in allowed:
            wanted = _KINDS[allowed[0]]
            self._fail(f"{name.text}: {parameter.name.rstrip('_')} must be {wanted}, not {_KINDS[kind]}", name)

    def _arguments(self) -> tuple[list[Argument], dict[str, Argument]]:
        values: list[Argument] = []
        named: dict[str, Argument] = {}
        while not self._takes(")"):
            token = self._token
            self._next()
            if token.kind == "name" and self._takes("="):
                value = self._token
                self._next()
                named[_parameter(token.text)] = self._value(value)
            elif named:
                self._fail("an argument without a name must stand before those with one", token)
            else:
                values.append(self._value(token))
            if not self._takes(",") and self._token.text != ")":
                self._fail("a ) is missing")
        return values, named

    def _value(self, token: _Token) -> Argument:
        if token.kind == "text":
            return _unquoted(token.text)
        if token.kind == "number":
            return int(token.text)
        if token.kind == "pattern":
            return self._pattern(token)
        if token.kind != "name":
            self._fail("an argument is missing", token)
        return _WORDS.get(token.text, token.text)

    def _pattern(self, token: _Token) -> re.Pattern[str]:
        body, _, flags = token.text[1:].rpartition("/")
        try:
            return re.compile(body, re.IGNORECASE if "i" in flags else 0)
        except re.error as error:
            self._fail(f"this is no pattern: {error.msg}", token)

    # --- tokens

    def _read(self) -> _Token:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            place = self._at + len(self._text[self._at :]) - len(self._text[self._at :].lstrip())
            self._fail(f"{self._text[place]} means nothing here", _Token("", "", place))
        self._at = found.end()
        return _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup))

    def _next(self) -> None:
        self._token = self._read()

    def _takes(self, *marks: str) -> bool:
        if self._token.kind != "mark" or self._token.text not in marks:
            return False
        self._next()
        return True

    def _fail(self, why: str, token: _Token | None = None) -> NoReturn:
        place = (token or self._token).place
        raise ConfigError(f"{why} (at character {place + 1} of the formula)")


def _quoted(token: _Token) -> str:
    """A name as an error shows it; what is as long as an API key is none, and not shown (law 14)."""
    return token.text if len(token.text) < _LONGEST else "of this name"


def _applied(
    called: Callable[..., str], own: int, values: list[Argument], named: dict[str, Argument]
) -> Callable[..., str]:
    def apply(*first: Any) -> str:
        return called(*first[:own], *values, **named)

    return apply


def _said(text: str, _: Work) -> str:
    return text


def _field(name: str, work: Work) -> str:
    return work.title if name == "title" else work.fields.get(name, "")


def _fields() -> Mapping[str, str]:
    return {name.casefold(): name for name in schema().fields}


def _parameter(name: str) -> str:
    """The name of a parameter: those that Python has for something else end in ``_``."""
    return f"{name}_" if name in ("min", "max", "format") else name


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(r"\1", text[1:-1])


def _near(name: str, known: Mapping[str, object]) -> str:
    """``; is shorttitle meant?``, or which there are."""
    found = get_close_matches(name.casefold(), known, 1, cutoff=0.5)
    named = known[found[0]] if found else ""
    return (
        f"; is {named if isinstance(named, str) else found[0]} meant?" if found else f"; there are {', '.join(known)}"
    )
