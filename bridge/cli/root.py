"""The ``bridge`` command itself: its verbs, its help, and what becomes of errors."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, NamedTuple, TextIO

import click
from click.exceptions import NoArgsIsHelpError

from bridge import __version__
from bridge.cli import codes
from bridge.cli.talk import shared
from bridge.errors import BridgeError, GuardStop

if TYPE_CHECKING:
    from collections.abc import Sequence


class Verb(NamedTuple):
    """A command: the module that holds it, under which heading it is listed, and its line there."""

    module: str
    heading: str
    help: str


START, EVERY_DAY, LOOK = "To begin", "Every day", "To look closer"

VERBS = {
    "demo": Verb("demo", START, "A practice vault with a library of real papers, ready in seconds."),
    "init": Verb("init", START, "Connect a vault with a Zotero library."),
    "adopt": Verb("adopt", START, "Make notes of papers that you have already the papers' own."),
    "sync": Verb("sync", EVERY_DAY, "Bring notes and library into step."),
    "conflicts": Verb("conflicts", EVERY_DAY, "What was changed on both sides, and how to settle it."),
    "resolve": Verb("conflicts", EVERY_DAY, "Settle a conflict for Zotero's value or the note's."),
    "status": Verb("status", EVERY_DAY, "Where things stand."),
    "daemon": Verb("daemon", EVERY_DAY, "Sync in the background, all the time."),
    "rename": Verb("rename", EVERY_DAY, "Give a paper another citation key."),
    "index": Verb("index", LOOK, "Write all index notes anew: topics, weeks, reading list, log, open questions."),
    "refresh": Verb("refresh", LOOK, "Show notes by your present templates and settings."),
    "log": Verb("history", LOOK, "What past syncs changed, value by value."),
    "undo": Verb("history", LOOK, "Take a sync back, where nobody has edited since."),
    "restore": Verb("restore", LOOK, "Have the note of a paper again that was deleted or put away."),
    "doctor": Verb("doctor", LOOK, "Check everything a sync needs, and say what to do."),
    "sandbox": Verb("sandbox", LOOK, "Serve a practice library on this machine."),
}


class Verbs(click.Group):
    """A group whose commands are imported when they are called, and listed from :data:`VERBS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click calls it so)
        """All verbs, in the order of the help."""
        return list(VERBS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 (as above)
        cmd_name: str,
    ) -> click.Command | None:
        """Import a verb."""
        if (verb := VERBS.get(cmd_name)) is None:
            return None
        found = getattr(importlib.import_module(f"bridge.cli.{verb.module}"), cmd_name)
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with the nearest verb named when there is none of that name."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 (as above)
        formatter: click.HelpFormatter,
    ) -> None:
        """The verbs under their headings, without importing one."""
        for heading in (START, EVERY_DAY, LOOK):
            with formatter.section(heading):
                formatter.write_dl([(name, verb.help) for name, verb in VERBS.items() if verb.heading == heading])


EPILOG = """\b
Examples:
  bridge demo                                  try it, without an account
  bridge init ~/Notes                          connect your own vault
  bridge sync --once --dry-run                 see what a sync would do
  bridge resolve 3 --keep vault                settle a conflict

\b
Exit codes: 0 in step, 1 error, 2 usage, 3 done but conflicts or held items remain,
4 stopped by a guard, 5 Zotero out of reach (try again later)."""


@click.group(
    cls=Verbs,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@shared
@click.version_option(__version__, prog_name="bridge", message="%(prog)s %(version)s")
def bridge() -> None:
    """Keep an Obsidian vault and a Zotero library in step, both ways.

    One note per paper: citation key, tags and read status are true on both sides, whichever side you edit.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; never raises for what a command ran into."""
    # Commands are short and leave little in cycles; looking for it as often as usual took a tenth of an idle cycle.
    gc.set_threshold(50_000, 20, 50)
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    machine = "--json" in arguments  # known before parsing, since parsing may fail
    for stream in (sys.stdout, sys.stderr):
        _tolerate(stream)
    try:
        result = bridge.main(args=arguments, prog_name="bridge", standalone_mode=False)
    except click.ClickException as error:
        return _usage(error, machine=machine)
    except BridgeError as error:
        from bridge.cli.advice import for_error

        verb = next((each for each in arguments if each in VERBS), "")
        more = {"guard": error.guard} if isinstance(error, GuardStop) else {}
        code = codes.of_error(error)
        return _fail(type(error).__name__, str(error), for_error(error, verb), code, machine=machine, **more)
    except (KeyboardInterrupt, click.Abort):
        # 130 is what shells give a program ended by Ctrl-C.
        return _fail("Interrupted", "Interrupted.", "Run the command again to go on.", 130, machine=machine)
    except BrokenPipeError:
        # The reader of our output (`head`) has gone; nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return codes.Code.ERROR
    except Exception as error:  # noqa: BLE001 (a fault of ours: say so in words, with the trace on request)
        return _crash(error, machine=machine)
    return int(result or 0)


def _tolerate(stream: TextIO) -> None:
    """A title that the console cannot show must not end the command."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _usage(error: click.ClickException, *, machine: bool) -> int:
    if isinstance(error, NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return codes.Code.USAGE
    code = codes.Code.USAGE if isinstance(error, click.UsageError) else codes.Code.ERROR
    context = error.ctx if isinstance(error, click.UsageError) else None
    advice = f"See {context.command_path} --help." if context else "See bridge --help."
    return _fail("UsageError", error.format_message(), advice, code, machine=machine)


def _crash(error: Exception, *, machine: bool) -> int:
    if os.environ.get("BRIDGE_DEBUG"):
        traceback.print_exc()
    # Only the class is named: a foreign exception's text might hold anything (law 14).
    return _fail(
        type(error).__name__,
        f"Something went wrong inside Bridge ({type(error).__name__}).",
        "Nothing a person wrote is lost. Please report this with the trace that BRIDGE_DEBUG=1 shows.",
        codes.Code.ERROR,
        machine=machine,
    )


def _fail(name: str, message: str, advice: str, code: int, *, machine: bool, **more: str) -> int:
    """Say what went wrong and what to do, to whoever listens."""
    if message.partition(" ")[0].isalpha():  # an address or a `key` stays as it is
        message = message[:1].upper() + message[1:]
    if machine:
        click.echo(json.dumps({"error": {"code": name, "message": message, "advice": advice, **more}}))
    else:
        click.echo(message, err=True)
        if advice:
            click.echo(advice, err=True)
    return int(code)
