"""Speaking with a person: settings that every command shares, output, questions.

Questions appear only at a terminal; elsewhere a missing answer is a usage error that names the flag which gives it.
Text from Zotero or a note is stripped of control characters before it reaches a terminal (law 13).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from bridge.errors import UsageError

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(slots=True)
class Settings:
    """What ``-C`` and ``--json`` say, before or after the verb."""

    vault: Path | None = None
    json: bool = False

    def say(self, text: str = "") -> None:
        """A line for people; nothing where a machine listens."""
        if not self.json:
            click.echo(text)

    def give(self, result: object) -> None:
        """The one object for machines."""
        if self.json:
            # ASCII, so that no console's encoding can break it.
            click.echo(json.dumps(result))

    @property
    def may_ask(self) -> bool:
        """Whether there is a person to ask."""
        return not self.json and sys.stdin.isatty() and sys.stderr.isatty()

    def ask(self, question: str, flag: str, *, secret: bool = False, default: str | None = None) -> str:
        """An answer from the person.

        :raises UsageError: nobody is there to ask; ``flag`` is what would have answered.
        """
        self._need_person(question, flag)
        return str(click.prompt(question, hide_input=secret, default=default, err=True))

    def confirm(self, question: str, flag: str, *, default: bool = True) -> bool:
        """Yes or no from the person; errors as in :meth:`ask`."""
        self._need_person(question, flag)
        return click.confirm(question, default=default, err=True)

    def choose(self, question: str, flag: str, choices: tuple[str, ...], default: str) -> str:
        """One of a few words from the person; errors as in :meth:`ask`."""
        self._need_person(question, flag)
        return str(click.prompt(question, type=click.Choice(choices), default=default, err=True))

    def _need_person(self, question: str, flag: str) -> None:
        if not self.may_ask:
            raise UsageError(f"{question.rstrip('?: ')}: there is no terminal to ask at; answer with {flag}")


settings = click.make_pass_decorator(Settings, ensure=True)


def shared(command: Command) -> Command:
    """Give a command ``-C/--vault`` and ``--json``; both count wherever they stand on the line."""
    for option in (
        click.option(
            "--json",
            is_flag=True,
            expose_value=False,
            callback=_remember("json"),
            help="One JSON object on standard output, for machines.",
        ),
        click.option(
            "-C",
            "--vault",
            type=click.Path(file_okay=False, path_type=Path),
            metavar="DIR",
            expose_value=False,
            callback=_remember("vault"),
            help="The vault; otherwise the nearest parent folder with .bridge in it.",
        ),
    ):
        command = option(command)
    return command


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value:
            setattr(context.ensure_object(Settings), name, value)

    return callback


def plain(text: str, width: int = 0) -> str:
    """A text from outside as one line for a terminal, cut to ``width`` if given.

    What Unicode does not call printable becomes a space: escape sequences, line ends, marks that turn a line around.
    """
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    return line if not width or len(line) <= width else line[: width - 1] + "…"


def many(count: int, one: str, more: str = "") -> str:
    """``1 note``, ``2 notes``."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
