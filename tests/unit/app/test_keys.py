"""Keys stay where they belong (law 14) and go only where they were given (R24)."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring

from bridge.errors import ConfigError, ForbiddenError, StateError
from bridge.keys import Keys, keyring_backend, usable

ORG = "https://api.zotero.org"
KEY = "P9NiFoyLeZu2bZNvvuQPDWsd"


class Memory(KeyringBackend):
    """A keyring that works."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's own
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class Broken(Memory):
    """A keyring whose desktop service is away."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(KEY)

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(KEY)


@pytest.fixture(autouse=True)
def _keyring() -> object:
    before = keyring.get_keyring()
    keyring.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]  # keyring's own
    yield
    keyring.set_keyring(before)


def keys(tmp: Path, **environ: str) -> Keys:
    return Keys(tmp / "state", environ)


@pytest.mark.parametrize("backend", [NoKeyring, NullKeyring, Broken])
@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_law_14_without_a_working_keyring_the_key_is_in_a_0600_file(
    tmp_path: Path, backend: type[KeyringBackend]
) -> None:
    keyring.set_keyring(backend())
    where = keys(tmp_path).store(ORG, "users/1", KEY)
    path = tmp_path / "state" / "keys.json"
    assert str(path) in where
    assert KEY not in where
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["keys.json"]
    assert keys(tmp_path).stored(ORG, "users/1") == KEY


def test_a_working_keyring_is_used_and_the_file_forgets(tmp_path: Path) -> None:
    keys(tmp_path).store(ORG, "users/1", "old")
    memory = Memory()
    keyring.set_keyring(memory)
    assert keys(tmp_path).store(ORG, "users/1", KEY) == "the system keyring"
    assert KEY not in (tmp_path / "state" / "keys.json").read_text()
    assert keys(tmp_path).stored(ORG, "users/1") == KEY
    assert keyring_backend() == __name__


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX's")
def test_law_14_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys(tmp_path).store(ORG, "users/1", KEY)
    (tmp_path / "state" / "keys.json").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600") as caught:
        keys(tmp_path).stored(ORG, "users/1")
    assert KEY not in str(caught.value)


def test_r24_a_server_nobody_approved_gets_no_key_from_anywhere(tmp_path: Path) -> None:
    own = keys(tmp_path, ZOTERO_API_KEY=KEY)
    own.approve("vault1", ORG)
    own.store("https://evil.example", "users/1", KEY)
    for vault, origin in (
        ("vault1", "https://evil.example"),
        ("vault2", ORG),
        ("vault1", "http://api.zotero.org"),
    ):
        with pytest.raises(ForbiddenError, match="never approved") as caught:
            own.find(vault, origin, ["users/1"])
        assert KEY not in str(caught.value)
    assert own.find("vault1", ORG, ["users/1"]) == KEY


def test_the_environment_comes_first_then_the_library_then_its_neighbours(tmp_path: Path) -> None:
    own = keys(tmp_path)
    own.approve("vault1", ORG, "http://localhost:1")
    own.store(ORG, "users/1", "stored")
    assert own.find("vault1", ORG, ["users/1"]) == "stored"
    assert own.find("vault1", ORG, ["groups/5", "users/1"]) == "stored"
    assert keys(tmp_path, ZOTERO_API_KEY=" fresh\n").find("vault1", ORG, ["users/1"]) == "fresh"
    with pytest.raises(ForbiddenError, match="no key for users/1 on http://localhost:1"):
        own.find("vault1", "http://localhost:1", ["users/1"])


@pytest.mark.parametrize("text", ["a b", "a\nb", "schlüssel", "a\x00b"])
def test_law_14_what_cannot_be_a_key_is_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        usable(text, "ZOTERO_API_KEY")
    assert text not in str(caught.value)


def test_law_14_nothing_shows_a_key(tmp_path: Path) -> None:
    assert KEY not in repr(keys(tmp_path, ZOTERO_API_KEY=KEY))


def test_a_broken_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    keys(tmp_path).approve("vault1", ORG)
    (tmp_path / "state" / "origins.json").write_text("{")
    with pytest.raises(StateError, match=r"origins\.json"):
        keys(tmp_path).approved("vault1")
