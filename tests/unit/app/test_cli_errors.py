"""Errors in words, with advice and the contract's exit codes."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from command import run, run_json

from bridge import errors
from bridge.cli import codes
from bridge.cli.advice import _ADVICE, for_error
from bridge.cli.root import main
from bridge.sync import Report

ALL = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.BridgeError)]


def made(kind: type[errors.BridgeError]) -> errors.BridgeError:
    extra: dict[type[errors.BridgeError], tuple[Any, ...]] = {
        errors.BackOffError: (9.0,),
        errors.GuardStop: ("g",),
    }
    return kind("it happened", *extra.get(kind, ()))


@pytest.mark.parametrize("kind", ALL)
def test_each_class_of_error_has_advice_of_its_own(kind: type[errors.BridgeError]) -> None:
    assert for_error(made(kind))
    assert kind in _ADVICE or kind is errors.UsageError


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UsageError, 2),
        (errors.NotAVaultError, 2),
        (errors.ConfigError, 1),
        (errors.ForbiddenError, 1),
        (errors.VaultBusyError, 1),
        (errors.GuardStop, 4),
        (errors.VaultOwnedError, 4),
        (errors.UnreachableError, 5),
        (errors.BackOffError, 5),
        (errors.OutdatedAnswerError, 1),
    ],
)
def test_exit_codes_by_class(kind: type[errors.BridgeError], code: int) -> None:
    assert codes.of_error(made(kind)) == code


def test_r37_what_is_out_of_reach_outranks_what_remains() -> None:
    assert codes.of_report(Report()) == 0
    assert codes.of_report(Report(conflicts=1)) == 3
    assert codes.of_report(Report(held=1)) == 3
    assert codes.of_report(Report(conflicts=1, out_of_reach="gone")) == 5


def test_an_error_is_one_object_for_machines() -> None:
    code, said = run_json("status")
    assert code == 2
    assert said["error"]["code"] == "NotAVaultError"
    assert said["error"]["advice"]


@pytest.mark.parametrize(
    "arguments",
    [["sync", "--bogus"], ["resolve", "1"], ["resolve", "x", "--keep", "vault"], ["snc"], ["resolve"]],
)
def test_usage_is_2_for_people_and_machines(arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert "--help" in err
    assert run_json(*arguments)[0] == 2


def test_the_nearest_verb_is_named() -> None:
    assert "Did you mean sync?" in run("snc")[2]


def test_nothing_to_do_shows_the_help() -> None:
    code, out, err = run()
    assert (code, out) == (2, "")
    assert err.startswith("Usage: bridge")


def test_a_dry_run_is_of_one_cycle() -> None:
    code, _, err = run("sync", "--dry-run")
    assert code == 2
    assert "--once" in err


@pytest.mark.parametrize("before", [True, False])
def test_the_vault_may_be_named_before_and_after_the_verb(tmp_path: Path, before: bool) -> None:
    (tmp_path / "v").mkdir()
    where = ("-C", tmp_path / "v")
    code, _, err = run(*where, "status") if before else run("status", *where)
    assert code == 2
    assert f"No .bridge folder in {tmp_path / 'v'}" in err


def test_law_14_a_fault_of_ours_names_no_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("P9NiFoyLeZu2bZNvvuQPDWsd")

    monkeypatch.setattr("bridge.app.App.open", fail)
    assert main(["status"]) == 1
    said = capsys.readouterr().err
    assert "RuntimeError" in said
    assert "P9NiFoy" not in said


def test_an_interrupt_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bridge.app.App.open", interrupt)
    assert run("status")[0] == 130
