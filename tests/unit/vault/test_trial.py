"""R34: a mistake in a person's own template shows before a sync meets it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.vault.trial import trial

FOLDER = "Templates/Bridge"


def tried(root: Path) -> list[tuple[str, str]]:
    return [(name, str(error or "")) for name, error in trial(root, FOLDER, ("my-rating",))]


def test_built_in_templates_are_not_tried_and_need_no_folder(tmp_path: Path) -> None:
    assert tried(tmp_path) == []


@pytest.mark.parametrize("name", ["paper.md.j2", "highlight.md.j2", "child-note.md.j2", "file.md.j2"])
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", ""),
        ("{{ key }}\n{{ nonsense }}", "line 2: 'nonsense' is undefined"),
        ("{% if key %}", "line 1: Unexpected end of template"),
    ],
)
def test_each_template_is_tried(tmp_path: Path, name: str, source: str, said: str) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / name).write_text(source)
    ((found, error),) = tried(tmp_path)
    assert found == name
    assert said in error
    assert bool(said) == bool(error)


def test_a_template_may_use_every_field_and_each_block(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "paper.md.j2").write_text(
        '{{ doi }} {{ authors | join(", ") }} {{ my_rating }} {{ block("highlights") }} {{ block("abstract") }}'
    )
    assert tried(tmp_path) == [("paper.md.j2", "")]
