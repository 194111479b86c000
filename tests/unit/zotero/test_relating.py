"""Zotero's Related in both objects, and what of a note cannot be it."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.core.record import ItemId
from bridge.zotero import relating
from bridge.zotero.relating import Pair

LIBRARY = "users/1"
ME, HER, HIM = (ItemId(LIBRARY, key) for key in ("AAAAAAAA", "BBBBBBBB", "CCCCCCCC"))
ELSEWHERE = ItemId("groups/5", "BBBBBBBB")


def uri(item: ItemId) -> str:
    return f"http://zotero.org/{item.library}/items/{item.key}"


class Notes:
    """Two papers with notes, of which one is related to the first."""

    def links(self, item: ItemId) -> tuple[str, ...]:
        return ("[[@her]]",) if item == ME else ()

    def shown(self, item: ItemId) -> frozenset[ItemId]:
        return frozenset((HER,) if item == ME else ())

    def paper(self, link: str) -> ItemId | None:
        return {"[[@me]]": ME, "[[@her]]": HER, "[[@him]]": HIM, "[[@far]]": ELSEWHERE}.get(link)


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("[[@him]]", None),
        ("[[@nobody]]", "names no paper's note"),
        ("@him", "is no link"),
        ("[[@me]]", "itself"),
        ("[[@far]]", "one library only"),
    ],
)
def test_only_a_link_to_another_paper_of_the_library_is_a_relation(link: str, reason: str | None) -> None:
    found = relating.refusal(Notes(), ME, link)
    assert (found is None) == (reason is None)
    assert reason is None or reason in str(found)


@pytest.mark.parametrize(
    ("wanted", "pairs"),
    [
        (("[[@her]]",), []),
        (("[[@her]]", "[[@him]]"), [Pair(ME.key, HIM.key, together=True)]),
        ((), [Pair(ME.key, HER.key, together=False)]),
    ],
)
def test_what_must_change_is_what_differs_from_what_is_shown(wanted: tuple[str, ...], pairs: list[Pair]) -> None:
    assert relating.pairs(Notes(), ME, wanted) == pairs


TOGETHER, APART = Pair(ME.key, HER.key, together=True), Pair(ME.key, HER.key, together=False)


@pytest.mark.parametrize(
    ("item", "said", "pair", "relations"),
    [
        (ME, {}, TOGETHER, {"dc:relation": uri(HER)}),
        (HER, [], TOGETHER, {"dc:relation": uri(ME)}),
        (ME, {"dc:relation": uri(HIM)}, TOGETHER, {"dc:relation": [uri(HIM), uri(HER)]}),
        (ME, {"dc:relation": [uri(HIM), uri(HER)]}, APART, {"dc:relation": uri(HIM)}),
        (ME, {"dc:relation": uri(HER), "owl:sameAs": "x"}, APART, {"owl:sameAs": "x"}),
        (ME, {"dc:relation": uri(HER)}, TOGETHER, None),
        (HIM, {}, TOGETHER, None),
    ],
)
def test_law_3_only_the_relations_meant_change(item: ItemId, said: Any, pair: Pair, relations: Any) -> None:
    obj = {"key": item.key, "version": 3, "data": {"relations": said}}
    changed = relating.changed(LIBRARY, obj, [pair])
    assert changed == ({} if relations is None else {"relations": relations})
