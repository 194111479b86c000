"""Changes that Zotero announces: who gets the key for it (R24), and what they do to the daemon's pace."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bridge.app import App
from bridge.config import Config
from bridge.config.sections import STREAM_ZOTERO_ORG, ZOTERO_ORG
from bridge.daemon import news as news_module
from bridge.daemon import push as push_module
from bridge.daemon.pace import ANNOUNCED, Pace
from bridge.daemon.push import Push
from bridge.errors import BackOffError, ForbiddenError
from bridge.keys import Keys

KEY = "SECRETabcdefghij12345678"


class FakeStream:
    """Remembers what it was made with."""

    made: list[FakeStream]

    def __init__(self, url: str, key: str, libraries: Iterable[str], **said: Callable[..., None]) -> None:
        self.url, self.key, self.libraries, self.said = url, key, list(libraries), said
        self.covers: frozenset[str] = frozenset()
        self.state = "made"
        self.made.append(self)

    def start(self) -> None:
        self.state = "started"

    def stop(self) -> None:
        self.state, self.covers = "stopped", frozenset()

    def cover(self, *libraries: str) -> None:
        self.covers = frozenset(libraries)


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeStream]:
    FakeStream.made = []
    monkeypatch.setattr(push_module, "Stream", FakeStream)
    return FakeStream.made


class Bench:
    """A Push over a configuration, on a machine where some servers were approved."""

    def __init__(self, folder: Path) -> None:
        self.keys = Keys(folder, {"ZOTERO_API_KEY": KEY})
        self.woken: list[str] = []
        self.said: list[str] = []

    def push(self, *libraries: tuple[str, str], **said: Any) -> Push:
        """``libraries`` are pairs of id and address."""
        rows = [{"id": name, "url": url, "folder": f"P{n}"} for n, (name, url) in enumerate(libraries)]
        sandbox = said.pop("sandbox", None)
        config = Config.model_validate({"library": rows, "daemon": said, "sandbox": sandbox})
        app = SimpleNamespace(config=config, keys=self.keys, marker=SimpleNamespace(id="vault1"))
        return Push(cast("App", app), self.woken.append)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


ME = ("users/1", ZOTERO_ORG)


def test_r24_the_key_goes_to_zoteros_own_stream_for_a_library_on_zotero_org(
    bench: Bench, made: list[FakeStream]
) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG)
    bench.push(ME, ("groups/51", ZOTERO_ORG)).begin()
    assert [(each.url, each.key, each.libraries) for each in made] == [
        (STREAM_ZOTERO_ORG, KEY, ["users/1", "groups/51"])
    ]


def test_r24_no_key_goes_anywhere_from_a_vault_whose_server_nobody_approved(
    bench: Bench, made: list[FakeStream]
) -> None:
    bench.keys.approve("vault2", ZOTERO_ORG)
    bench.push(ME).begin()
    assert made == []


@pytest.mark.parametrize(
    ("library", "stream"),
    [
        (ZOTERO_ORG, "wss://stream.evil.example"),
        (ZOTERO_ORG, "ws://stream.zotero.org"),  # in the clear
        (ZOTERO_ORG, "wss://stream.zotero.org:8443"),
        (ZOTERO_ORG, "wss://stream.zotero.org.evil.example"),
        (ZOTERO_ORG, "wss://approved.example"),  # approved, but for keys of its own
        ("https://approved.example", STREAM_ZOTERO_ORG),
        ("https://approved.example", "ws://approved.example"),
        ("https://approved.example", "wss://approved.example:444"),
        ("https://approved.example", "wss://stream.approved.example"),
    ],
)
def test_r24_the_key_goes_to_no_other_host_port_or_scheme(
    bench: Bench, made: list[FakeStream], library: str, stream: str
) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG, "https://approved.example")
    bench.push(("users/1", library), stream_url=stream).begin()
    assert made == []


@pytest.mark.parametrize(
    ("library", "stream"),
    [
        ("https://zotero.example/api", "wss://zotero.example/stream"),
        ("https://zotero.example:443", "wss://ZOTERO.example"),
        ("http://127.0.0.1:8080", "ws://127.0.0.1:8080/stream"),
    ],
)
def test_r24_a_server_of_ones_own_streams_from_the_address_of_its_library(
    bench: Bench, made: list[FakeStream], library: str, stream: str
) -> None:
    origin = library.removesuffix("/api").removesuffix(":443")
    bench.keys.approve("vault1", origin)
    bench.push(("users/1", library), stream_url=stream).begin()
    assert [each.url for each in made] == [stream]


def test_nothing_is_announced_to_a_demo_or_where_it_is_turned_off(bench: Bench, made: list[FakeStream]) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG)
    bench.push(ME, push=False).begin()
    bench.push(ME, sandbox={"data": ".bridge/sandbox"}).begin()
    assert made == []


def test_without_the_extra_it_polls_and_writes_so_once(
    bench: Bench, made: list[FakeStream], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bridge")
    monkeypatch.setattr(news_module, "find_spec", lambda _: None)
    bench.keys.approve("vault1", ZOTERO_ORG)
    push = bench.push(ME)
    for _ in range(3):
        push.begin()
        push.end()
    assert (made, push.is_complete, len(caplog.records)) == ([], False, 1)
    assert push.news == "no-extra"


def test_it_is_complete_when_every_library_is_announced(bench: Bench, made: list[FakeStream]) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG)
    push = bench.push(ME, ("groups/51", ZOTERO_ORG))
    assert not push.is_complete
    push.begin()
    assert (push.is_complete, push.news) == (False, "silent")
    made[0].cover("users/1")
    assert not push.is_complete
    made[0].cover("users/1", "groups/51")
    assert (push.is_complete, push.news) == (True, "push")


@pytest.mark.parametrize(
    ("said", "news"),
    [
        ({"push": False}, "off"),
        ({"sandbox": {"data": ".bridge/sandbox"}}, "practice"),
        ({"stream_url": "wss://stream.elsewhere.example"}, "other-server"),
    ],
)
def test_it_says_why_nothing_is_announced(bench: Bench, said: dict[str, Any], news: str) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG)
    push = bench.push(ME, **said)
    push.begin()
    assert push.news == news


def test_nothing_is_announced_after_its_end(bench: Bench, made: list[FakeStream]) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG)
    push = bench.push(ME)
    push.begin()
    made[0].cover("users/1")
    push.end()
    assert not push.is_complete


def test_it_is_never_complete_while_one_library_is_elsewhere(bench: Bench, made: list[FakeStream]) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG, "https://other.example")
    push = bench.push(ME, ("users/2", "https://other.example"))
    push.begin()
    assert [each.libraries for each in made] == [["users/1"]]
    made[0].cover("users/1")
    assert not push.is_complete


def test_each_key_has_a_stream_of_its_own_so_that_a_refusal_is_one_keys(
    tmp_path: Path, made: list[FakeStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path)
    bench.keys = Keys(tmp_path, {})
    monkeypatch.setattr("bridge.keys.keyring_backend", lambda: "")
    bench.keys.approve("vault1", ZOTERO_ORG)
    bench.keys.store(ZOTERO_ORG, "users/1", "one")
    bench.keys.store(ZOTERO_ORG, "groups/51", "two")
    bench.push(ME, ("groups/51", ZOTERO_ORG)).begin()
    assert [(each.key, each.libraries) for each in made] == [("one", ["users/1"]), ("two", ["groups/51"])]


def test_it_begins_once_and_anew_after_its_end(bench: Bench, made: list[FakeStream]) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG)
    push = bench.push(ME)
    push.begin()
    push.begin()
    push.end()
    push.begin()
    assert [each.state for each in made] == ["stopped", "started"]


def test_streams_ring_the_bell_and_their_words_are_said_once(bench: Bench, made: list[FakeStream]) -> None:
    bench.keys.approve("vault1", ZOTERO_ORG)
    push = bench.push(ME)
    push.begin()
    made[0].said["changed"]()
    made[0].said["moved"]()
    assert bench.woken == ["remote", "push"]
    for _ in range(2):
        made[0].said["tell"]("refused")
        push.told(bench.said.append)
    assert bench.said == ["refused"]


# --- pace ---


def test_announced_changes_let_it_ask_at_the_idle_pace_and_their_end_at_its_own() -> None:
    pace = Pace(5, 60, 0.0)
    pace.announced(0.0, everything=True)
    pace.done(0.0, changed=False)
    assert pace.next == 60
    pace.done(100.0, changed=True)
    assert pace.next == 105
    pace.done(105.0, changed=False)
    assert pace.next == 165
    pace.announced(110.0, everything=False)
    assert pace.next == 115
    pace.done(115.0, changed=False)
    assert pace.next == 122.5


def test_an_announcement_is_looked_at_at_once_and_a_flood_of_them_every_two_seconds() -> None:
    pace = Pace(600, 600, 0.0)
    pace.announced(0.0, everything=True)
    pace.done(0.0, changed=False)
    pace.prompt(100.0)
    assert pace.next == 100.0
    looks = 0
    for tenth in range(1000, 1201):
        now = tenth / 10
        pace.prompt(now)
        if now >= pace.next:
            pace.done(now, changed=True)
            looks += 1
    assert looks == 1 + 20 / ANNOUNCED


def test_an_announcement_is_no_person_pauses_and_refusals_stand() -> None:
    pace = Pace(5, 60, 0.0)
    pace.failed(0.0, BackOffError("", 120.0))
    pace.prompt(10.0)
    assert pace.next == 120.0
    pace.failed(120.0, ForbiddenError(""))
    before = pace.next
    pace.prompt(121.0)
    pace.announced(121.0, everything=True)
    pace.announced(122.0, everything=False)
    assert pace.next == before
