"""What hangs below a paper, as Markdown: R25 (links), R34 (templates), and nothing gets out of its place (law 13)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from papers_below import CHILDREN, PAPER, children, shown
from rich_text import kinds

from bridge.core import blocks, entries
from bridge.core.children import FILES, HIGHLIGHTS, NOTES, Children, Highlight
from bridge.core.entries import join
from bridge.core.text import with_code
from bridge.errors import ConfigError
from bridge.vault.shown import COLOURS, ShownRules, address, colour_of

GOLDEN = Path(__file__).parents[2] / "golden" / "notes"
ALL = (FILES, HIGHLIGHTS, NOTES)


def text(root: Path, block: str = HIGHLIGHTS, rules: ShownRules | None = None, below: Children = CHILDREN) -> str:
    return join(shown(root, rules).parts(block, replace(PAPER, children=below)))


def ids(root: Path, rules: ShownRules) -> list[str]:
    return [part.id for part in shown(root, rules).parts(HIGHLIGHTS, PAPER)]


@pytest.mark.parametrize("block", ALL)
def test_the_look_of_a_block(tmp_path: Path, block: str) -> None:
    assert text(tmp_path, block) + "\n" == (GOLDEN / f"{block}.md").read_text(encoding="utf-8")


def test_a_paper_with_nothing_below_it_has_not_even_headings(tmp_path: Path) -> None:
    assert [text(tmp_path, block, below=Children()) for block in ALL] == ["", "", ""]


def test_a_block_that_is_not_wanted_is_empty_and_a_heading_can_be_left_out(tmp_path: Path) -> None:
    rules = ShownRules(headings={HIGHLIGHTS: "", NOTES: "From *Zotero*"})
    assert text(tmp_path, FILES, rules) == ""
    assert text(tmp_path, HIGHLIGHTS, rules).startswith("### Vaswani et al. - 2017.pdf\n")
    assert text(tmp_path, NOTES, rules).startswith("## From \\*Zotero\\*\n")


def test_highlights_of_one_file_need_no_sub_heading(tmp_path: Path) -> None:
    below = replace(CHILDREN, highlights=CHILDREN.highlights[:4])
    assert [line for line in text(tmp_path, below=below).split("\n") if line.startswith("#")] == ["## Highlights"]


def test_the_order_of_highlights(tmp_path: Path) -> None:
    reading = ["#", "#PDFPDF22", "HHHH2222", "HHHH3333", "HHHH4444", "HHHH5555", "#EPUBEP22", "HHHH6666"]
    assert ids(tmp_path, ShownRules()) == reading
    added = ["#", "HHHH5555", "HHHH2222", "HHHH4444", "HHHH6666", "HHHH3333"]
    assert ids(tmp_path, ShownRules(order="added")) == added
    by_colour = ["#", "#Yellow", "HHHH2222", "HHHH4444", "#Red", "HHHH3333", "HHHH6666", "#Blue", "HHHH5555"]
    assert ids(tmp_path, ShownRules(order="colour")) == by_colour
    named = ShownRules(order="colour", colours={"blue": "Figures", "#ffd400": "Key point"})
    groups = ["#", "#Figures", "HHHH5555", "#Key point", "HHHH2222", "HHHH4444", "#Red", "HHHH3333", "HHHH6666"]
    assert ids(tmp_path, named) == groups


def test_colours_are_named_after_the_nearest_of_zoteros_or_as_configured(tmp_path: Path) -> None:
    assert [colour_of(colour) for colour in COLOURS] == list(COLOURS.values())
    assert [colour_of(colour) for colour in ("#ffff00", "#0000ff", "#00ff00", "#000000", "")] == [
        "yellow", "blue", "green", "gray", "",
    ]  # fmt: skip
    rules = ShownRules(colours={"yellow": "Key | point", "#fefe00": "Lemon"})
    lines = [line for line in text(tmp_path, rules=rules).split("\n") if line.startswith("> [!")]
    assert [line.split("] ", 1)[1].split(" · ")[0] for line in lines] == [
        "Key \\| point", "Underlined", "Note", "Image", "Red",
    ]  # fmt: skip
    assert " · Lemon · " in lines[2]
    assert "[!note|yellow]" in lines[2]


# --- templates (R34) ------------------------------------------------------------------------------------------------


def own(root: Path, name: str, source: str) -> None:
    folder = root / "Templates/Bridge"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8")


def test_a_persons_own_template_is_used_and_cannot_lose_the_block_id(tmp_path: Path) -> None:
    own(tmp_path, "highlight.md.j2", "- {{ text }} ({{ colour_name }}, {{ page }})\n\n")
    mark = replace(CHILDREN, highlights=CHILDREN.highlights[:1])
    assert text(tmp_path, below=mark) == (
        "## Highlights\n\n- The dominant sequence transduction models are based on complex recurrent networks."
        " (Yellow, 1) ^HHHH2222"
    )


def test_what_a_template_makes_nothing_of_is_not_shown(tmp_path: Path) -> None:
    own(tmp_path, "highlight.md.j2", "{% if colour == 'red' %}{{ text }}{% endif %}")
    assert [part.id for part in shown(tmp_path).parts(HIGHLIGHTS, PAPER) if part.id[0] != "#"] == [
        "HHHH3333", "HHHH6666",
    ]  # fmt: skip
    own(tmp_path, "highlight.md.j2", "{# none at all #}")
    assert text(tmp_path) == ""


def test_a_broken_template_is_named_with_its_line(tmp_path: Path) -> None:
    own(tmp_path, "highlight.md.j2", "{{ text }}\n{{ nonsense }}")
    with pytest.raises(ConfigError, match=r"^highlight.md.j2, line 2: 'nonsense' is undefined$"):
        text(tmp_path)
    assert text(tmp_path, FILES)


# --- containment (law 13) ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        ("https://x.org/a(b) |c?d=%%e&f=%20#g", "https://x.org/a%28b%29%20%7Cc?d=%25%25e&f=%20#g"),
        ("HTTPS://x.org/ü\n[[y]]<%z", "HTTPS://x.org/%C3%BC%0A%5B%5By%5D%5D%3C%25z"),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("", ""),
    ],
)
def test_r25_only_what_may_be_a_link_is_one_and_it_ends_nothing(link: str, safe: str) -> None:
    assert address(link) == safe


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(children())
def test_law13_nothing_from_zotero_leaves_its_place(tmp_path: Path, below: Children) -> None:
    for block in ALL:
        parts = shown(tmp_path).parts(block, replace(PAPER, children=below))
        body = f"above\n\n{entries.write(block, parts)}\n\nbelow"
        (found,) = blocks.find(body)
        assert (found.text, found.problem) == (join(parts), "")
        assert not [sign for sign in ("%%", "<%", "{{", "{%", "\r", "\u2028") if sign in found.text]
        assert [part.id for part in parts if part.id[0] != "#"] == [
            line.rpartition("^")[2] for line, is_code in with_code(found.text.split("\n"))
            if not is_code and re.search(r"(?:^|\s)\^[HNF]{4}\d{4}$", line)
        ]  # fmt: skip
        if block != NOTES:  # what notes hold is the matter of bridge.markup
            assert "[[" not in found.text
            plain = re.sub(r"(?<!\\)#[^\s#]+", "tag", found.text)  # `#__a_`: Obsidian looks for tags first
            assert {kind.removesuffix("_open").removesuffix("_close") for kind in kinds(plain)} <= {
                "heading", "paragraph", "blockquote", "bullet_list", "list_item", "inline", "text", "softbreak",
                "strong", "link",
            }  # fmt: skip


def test_the_same_children_give_the_same_bytes(tmp_path: Path) -> None:
    assert text(tmp_path) == text(tmp_path / "elsewhere")
    assert Highlight("A", "B", "ink") == Highlight("A", "B", "ink")
