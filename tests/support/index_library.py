"""Papers for tests of index notes: the demo library with what a person wrote about some of it, and any paper at all."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bridge.core.names import EXTENSION, folded
from bridge.core.place import Facts, NoteRow, Stat
from bridge.core.record import ItemId
from bridge.core.status import StatusNames
from bridge.indexes.context import Context, Vault
from bridge.indexes.entries import Catalogue, Papers
from bridge.indexes.paper import Paper, paper
from bridge.indexes.render import IndexText, render
from bridge.indexes.rules import IndexRules, Page
from bridge.vault.tags import legal
from bridge.zotero.mapping import Mapper, MappingRules
from bridge.zotero.tree import CollectionTree

#: What a person wrote in some notes of the demo.
WRITTEN = {
    "wei2025sim": Facts(
        summary="step-level supervision keeps implicit chains of thought apart",
        points=(
            "Latent instability: more latent tokens make Coconut *collapse*",
            "An auxiliary decoder rebuilds each step from its latent token, and is removed at test time",
            "+8.2 points over Coconut on GPT-2, with $2.3\\times$ fewer tokens than explicit CoT",
        ),
        questions=(
            "Does the auxiliary decoder work on unobserved OOD tasks?",
            "Using a decoder of the same size as the base model feels a bit iffy.",
        ),
        has_notes=True,
    ),
    "didolkar2025metacognitive": Facts(
        points=("A `behavior_list` made once shortens later reasoning by up to 46%",),
        questions=("Do the generated traces *name* the behaviours they use?",),
    ),
    "yuan2025f": Facts(summary="RL teaches $f(g(x))$ where $f$ and $g$ are known", has_notes=True),
    "lee2025geometry": Facts(
        summary="a few heads switch self-verification on", points=("see [[@wei2025sim|SIM-CoT]]",)
    ),
    "berglund2023reversal": Facts(questions=("Is it gone with bidirectional attention?",)),
}


@cache
def demo() -> tuple[Paper, ...]:
    """The papers of the demo library, as a first sync leaves them."""
    data = json.loads((resources.files("bridge.sandbox") / "data" / "demo.json").read_text("utf-8"))
    tree = CollectionTree.build({"key": each["key"], "data": each} for each in data["collections"])
    statuses = StatusNames()
    mapper = Mapper("users/1", MappingRules(statuses, ZoneInfo("UTC")), tree)
    papers = []
    for item in data["items"]:
        whole = {"key": item["key"], "version": 1, "meta": {}, "data": item}
        if not mapper.is_paper(whole):
            continue
        record = mapper.record(whole)
        name = str(record.face["citekey"]) or record.id.key
        row = NoteRow(f"Papers/@{name}.md", Stat(0, 0, 0), "", record.id, facts=WRITTEN.get(name, Facts()))
        made = paper(record, row, statuses, tag_shown=legal)
        papers += [made] if made else []
    return tuple(papers)


def rendered(context: Context, catalogue: Catalogue, rules: IndexRules) -> dict[Page, IndexText]:
    """Every page of a context."""
    return {page: render(page, catalogue, context, rules) for page in context.pages()}


def entered(papers: Iterable[Paper]) -> Papers:
    """A catalogue of papers."""
    return Papers(list(papers))


def vault_of(notes: Iterable[tuple[str, Facts]], own: Container[str]) -> Vault:
    """What the state tells of the notes in a vault; ``own`` are the index notes we made."""
    taken: set[str] = set()
    hosts: dict[str, list[str]] = {}
    paths: set[str] = set()
    for path, facts in notes:
        if path in own:
            continue
        paths.add(path)
        taken.add(folded(path.rpartition("/")[2].removesuffix(EXTENSION)))
        taken.update(folded(alias) for alias in facts.aliases)
        for title in facts.hosts:
            hosts.setdefault(title, []).append(path)
    sorted_hosts: Mapping[str, tuple[str, ...]] = {title: tuple(sorted(there)) for title, there in hosts.items()}
    return Vault(taken.intersection, sorted_hosts, paths)


#: Text from Zotero at its worst.
HOSTILE = st.one_of(
    st.sampled_from(
        [
            "Attention",
            "A [[link]] | and #tag ^id",
            "%% bridge:end topic %%",
            "```\n~~~",
            "<% tp.x %> {{ y }} {% z %}",
            "$x$ `y` ==z==",
            "- item",
            "# heading",
            "key:: value",
            "\u202eעברית",
            "🙂" * 30,
            "x" * 300,
            "",
        ]
    ),
    st.text(max_size=12),
)
#: Names of collections and tags: real ones, those that are the same to some eye, and those no file can bear.
NAMES = st.sampled_from(
    [
        *("NLP", "NLP/Transformers", "nlp", "Machine Learning", "machine-learning", "a:b", "a?b", "../x", "CON"),
        *(
            "a//b",
            "a/b/c",
            "//",
            "x" * 300,
            "🙂",
            "\u202eעברית",
            "Vision/Transformers",
            "Transformers",
            "50% off · now",
        ),
    ]
)
DAYS = st.sampled_from(
    ["2025-09-22", "2025-09-25", "2025-09-29", "2025-10-01", "2024-12-30", "2026-01-01", "2099-01-01"]
)
_DAY = st.one_of(st.just(""), DAYS)


def papers(keys: Iterable[str] = "ABCDEFGH", text: st.SearchStrategy[str] = HOSTILE) -> st.SearchStrategy[Paper]:
    """Any paper with one of a few keys."""
    lines = st.lists(text, max_size=2).map(tuple)
    ids = st.sampled_from([ItemId("users/1", key * 8) for key in keys])
    rest: Mapping[str, st.SearchStrategy[object]] = {
        "title": text,
        "by": text,
        "venue": text,
        "year": st.sampled_from(["", "2017", "2025"]),
        "published": st.sampled_from(["", "2017", "2017-06", "2025-09-01"]),
        "kind": st.sampled_from(["paper", "post", "video"]),
        "shelf": st.sampled_from(["", "reading", "to-read", "read", "new"]),
        "status_date": _DAY,
        "added": _DAY,
        "started": _DAY,
        "finished": _DAY,
        "topics": st.lists(NAMES, max_size=3, unique=True).map(tuple),
        "tags": st.lists(NAMES, max_size=3, unique=True).map(tuple),
        "summary": text,
        "points": lines,
        "questions": lines,
        "has_notes": st.booleans(),
    }
    noted = st.booleans()
    return st.builds(_with_place, ids, noted, st.fixed_dictionaries(dict(rest)))


def _with_place(item: ItemId, noted: bool, rest: Mapping[str, object]) -> Paper:
    note = f"Papers/@{item.key}.md" if noted else ""
    zotero = f"zotero://select/library/items/{item.key}"
    return Paper(item, note=note, zotero=zotero, **rest)  # type: ignore[arg-type]  # values fit by construction
