"""``bridge doctor``: everything a sync needs, looked at one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli.advice import for_code, for_error
from bridge.cli.codes import Code
from bridge.cli.talk import Settings, plain, settings, shared

if TYPE_CHECKING:
    from bridge.doctor import Check

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
    return for_error(check.error) if check.error is not None else for_code(check.code)
