"""The vault's property types (R26, R36)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bridge.obsidian import Clash, clashes, list_keys, property_types

NAMES = {name: name for name in ("title", "status", "tags", "year", "published", "added", "authors")}


def types(vault: Path, text: str) -> dict[str, str]:
    (vault / ".obsidian").mkdir()
    (vault / ".obsidian" / "types.json").write_text(text)
    return dict(property_types(vault))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"types": []}', "{", '{"types": {"a": 1}}'])
def test_a_vault_without_usable_types_has_none(tmp_path: Path, text: str) -> None:
    assert types(tmp_path, text) == {}


def test_r36_lists_are_known(tmp_path: Path) -> None:
    found = types(tmp_path, json.dumps({"types": {"status": "multitext", "year": "number", "tags": "tags"}}))
    assert list_keys(found) == {"status", "tags"}


def test_r26_clashes_are_told_and_the_mild_ones_known() -> None:
    vault = {
        "Status": "multitext",
        "year": "date",
        "published": "date",
        "added": "date",
        "tags": "tags",
        "other": "date",
    }
    found = clashes(vault, NAMES)
    assert found == [Clash("status", "multitext"), Clash("year", "date"), Clash("published", "date")]
    assert [each.mild for each in found] == [True, False, False]


def test_r36_a_renamed_key_is_looked_up_under_its_own_name() -> None:
    assert clashes({"Jahr": "checkbox"}, {"year": "Jahr"}) == [Clash("Jahr", "checkbox")]
