"""The person's section of a note: from its heading to the next one as high, without what Bridge keeps there."""

from __future__ import annotations

import pytest

from bridge.core import blocks
from bridge.errors import NoteError
from bridge.vault.section import section

BLOCK = blocks.write("zotero-notes", "## Notes\n\nfrom Zotero")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("# T\n\n## Notes\n\na\n\n### b\nc\n\n## Other\n\nd\n", "a\n\n### b\nc"),
        ("# T\n\n## notes: ##\na", "a"),
        ("# T\n\n## Notes\n", ""),
        ("# T\n\n## My Notes\na\n", None),
        ("# T\n", None),
        ("```\n## Notes\n```\n%%\n## Notes\n%%\n", None),
        ("## Notes\na\n```\n# code\n```\n%%\n# hidden\n%%\nb\n# End\nc", "a\n```\n# code\n```\n%%\n# hidden\n%%\nb"),
        ("## Notes\r\n\r\na\r\nb\r\n", "a\nb"),
        (f"{BLOCK}\n\n## Notes\n\nmine\n", "mine"),
        (f"## Notes\n\nmine\n\n{BLOCK}\n\nmine, too\n", "mine\n\n\n\nmine, too"),
        ("# Notes\na\n## Notes\nb\n", "a\n## Notes\nb"),
    ],
)
def test_a_section_reaches_to_the_next_heading_as_high(body: str, text: str | None) -> None:
    assert section(body, "Notes") == text


def test_with_a_broken_block_nobody_can_tell_whose_text_is_whose() -> None:
    with pytest.raises(NoteError, match="zotero-notes"):
        section("## Notes\n\nmine\n\n%% bridge:begin zotero-notes %%\n\ntheirs\n", "Notes")
