"""Notes about the papers of a desk as other tools write them, with words of a person's own in them.

The front-matter and the bodies follow what each tool's default or best-known template makes; ``KEY`` stands for the
paper's item key.
"""

from __future__ import annotations

#: Tool, to the paper it is about, where its note is, and the note.
NOTES: dict[str, tuple[str, str, str]] = {
    "zotero-integration": (
        "p0",
        "Literature/@p0.md",
        """\
---
category: literaturenote
tags: shared_tag, own_0, literature
citekey: p0
status: unread
dateread:
---

> [!Cite]
> Author0, A. (2023) ‘Paper number 0’. Available at: https://example.org/0.

>[!Synth]
>**Contribution**:: my own words about it
>
>**Related**:: [[@p1]]

>[!md]
> **FirstAuthor**:: Author0, Ada
> **Title**:: Paper number 0

> [!LINK]
> [Author0.pdf](file:///home/ada/Zotero/storage/ABCD2345/Author0.pdf)

%% begin notes %%
What I think of it.
%% end notes %%


%% Import Date: 2024-03-28T10:11:12.131+01:00 %%
""",
    ),
    "zotlit": (
        "p1",
        "LiteratureNotes/p1.md",
        """\
---
title: Paper number 1
citekey: p1
zotero-key: KEY
---

# Paper number 1

[Zotero](zotero://select/library/items/KEY) [attachment](<file:///home/ada/1.pdf>)

> [!note] Page 3
>
> An annotation. ^ABCD2345aEFGH6789p3
""",
    ),
    "citations": (
        "p2",
        "Reading notes/@p2.md",
        """\
---
title: "Paper number 2"
authors: Ada Author2
year: 2023
---

My thoughts of it, with no final newline""",
    ),
    "bibnotes": (
        "p3",
        "@p3.md",
        """\
---
Title: "Paper number 3"
Cite: "[@p3]"
citekey: p3
authors: "[[Ada Author3]]"
tags: [Shared_Tag, own3, "machine-made"]
type: "article-journal"
DOI: https://doi.org/10.1000/p.3
collections: "[[Reading]]"
dateread: 2024-03-28
aliases: ["@p3", "Author3 2023"]
---

# Paper number 3

## Abstract

About 3.
""",
    ),
    "mdnotes": (
        "p4",
        "mdnotes/p4.md",
        """\
# Paper number 4

* Item Type: [[Article]]
* Authors: [[Ada Author4]]
* Date: [[2023-04-05]]
* Tags: #Shared-Tag, #own-4
* Local library: [Zotero](zotero://select/items/1_KEY)
""",
    ),
    "zotflow": (
        "p5",
        "Source/My Library/@p5.md",
        """\
---
citationKey: p5
title: "Paper number 5"
itemType: journalArticle
creators:
  - Ada Author5
zotero-key: KEY
library-id: 1
item-version: 12
tags: []
---
<!-- ZF_NOTE_BEG_ABCD2345 -->
A note.
<!-- ZF_NOTE_END_ABCD2345 -->
""",
    ),
    "markdb-connect": ("p6", "Inbox/Some thoughts.md", "---\nitemKey: KEY\nstatus: reading\n---\nThoughts.\n"),
    "by hand, a link": (
        "p7",
        "Ideas/On method.md",
        '---\nzotero: "[Open](zotero://select/library/items/KEY)"  # my own\n---\nWords.\n',
    ),
    "by hand, a DOI": (
        "p8",
        "Ideas/On results.md",
        "---\r\ndoi: doi:10.1000/P.8\r\nstatus:\r\n---\r\n# On results\r\nWith line ends of Windows.\r\n",
    ),
}


def note(tool: str, key: str) -> str:
    """A tool's note, of the paper with this item key."""
    return NOTES[tool][2].replace("KEY", key)
