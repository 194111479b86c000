"""``bridge doctor``: everything a sync needs, looked at one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.advice import for_error
from bridge.cli.codes import Code
from bridge.cli.talk import Settings, plain, settings, shared

if TYPE_CHECKING:
    from bridge.doctor import Check

_REMEDIES = {
    "other-owner": "To sync from this machine instead, run bridge sync --once --take-over.",
    "copied": "It gets an id of its own with its first sync; delete one of the two folders if that is not meant.",
    "read-only": "Give yourself the right to write there.",
    "disk-full": "Make room on this disk.",
    "waiting": "See bridge conflicts and bridge status.",
    "property-types": (
        "Change the type in Obsidian (All properties), or call the key differently under [keys] in .bridge/config.toml."
    ),
    "away": "Have the cloud drive keep them on this machine; until then they are left alone.",
    "blind": "Give yourself the right to read them; until then notes there count as present.",
    "plain-http": "Anyone on the way can read the key; use https if the server has it.",
    "no-access": "Give the key access to this library at https://www.zotero.org/settings/keys.",
    "no-write": "Edits in notes wait until the key may write: https://www.zotero.org/settings/keys.",
}

_SIGNS = {"ok": "ok  ", "warn": "look", "fail": "FAIL"}


@click.command()
@shared
@settings
def doctor(talk: Settings) -> int:
    """Check everything a sync needs, and say what to do.

    Nothing is changed. It ends with 1 where a sync would fail.
    """
    from bridge.doctor import examine

    checks = []
    for check in examine(talk.vault):
        checks.append(check)
        talk.say(f"{_SIGNS[check.level]}  {check.name}: {plain(check.said)}")
        if remedy := _remedy(check):
            talk.say(f"      {remedy}")
    talk.give(
        {
            "checks": [
                {"name": each.name, "level": each.level, "said": each.said, "advice": _remedy(each)} for each in checks
            ]
        }
    )
    return Code.ERROR if any(each.level == "fail" for each in checks) else Code.IN_STEP


def _remedy(check: Check) -> str:
    return for_error(check.error) if check.error is not None else _REMEDIES.get(check.code, "")
