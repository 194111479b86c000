"""Help that is true and costs next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from bridge.cli.root import VERBS, bridge

ROOT = Path(__file__).parents[3]
HEAVY = {
    "pydantic",
    "httpx2",
    "pyzotero",
    "rich",
    "sqlite3",
    "yaml",
    "jinja2",
    "starlette",
    "uvicorn",
    "keyring",
    "tomlkit",
}


def command(name: str) -> click.Command:
    found = bridge.get_command(click.Context(bridge), name)
    assert found is not None
    return found


def imported(*arguments: str) -> set[str]:
    """The packages a command line imports, in a process of its own."""
    code = (
        "import sys, json, bridge.cli; bridge.cli.main(sys.argv[1:]); sys.stdout.flush();"
        "sys.stderr.write(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_imports_nothing_heavy() -> None:
    assert imported("--help") & HEAVY == set()


def test_the_contracts_verbs_are_there() -> None:
    assert set(VERBS) == {
        "demo",
        "init",
        "sync",
        "status",
        "conflicts",
        "resolve",
        "log",
        "doctor",
        "sandbox",
        "daemon",
        "index",
        "undo",
        "restore",
        "adopt",
        "rename",
        "refresh",
    }


@pytest.mark.parametrize("name", VERBS)
def test_the_list_says_what_the_command_says(name: str) -> None:
    found = command(name)
    assert found.get_short_help_str(200).rstrip(".") == VERBS[name].help.rstrip(".")
    assert found.name == name


@pytest.mark.parametrize("name", VERBS)
def test_every_command_takes_vault_and_json_and_explains_each_option(name: str) -> None:
    options = [each for each in command(name).params if isinstance(each, click.Option)]
    assert {"--vault", "--json"} <= {opt for each in options for opt in each.opts}
    assert all(each.help for each in options)


@pytest.mark.parametrize(
    ("name", "flags"),
    [
        ("sync", {"--once", "--dry-run", "--yes", "--take-over"}),
        ("init", {"--library", "--url", "--create", "--yes", "--template", "--no-template"}),
        ("resolve", {"--keep"}),
        ("sandbox", {"--data", "--port", "--seed", "--fault"}),
    ],
)
def test_the_contracts_options_are_there(name: str, flags: set[str]) -> None:
    found = {opt for each in command(name).params for opt in (*each.opts, *each.secondary_opts)}
    assert flags <= found
