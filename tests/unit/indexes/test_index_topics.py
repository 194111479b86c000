"""Topics: sources, names and rules; where their pages are (R27)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from index_library import NAMES, vault_of

from bridge.core.names import folded
from bridge.core.place import Facts
from bridge.core.record import ItemId
from bridge.indexes.context import Context, Vault, argument, make_context
from bridge.indexes.entries import Papers
from bridge.indexes.paper import Paper
from bridge.indexes.rules import IndexRules, Page, PageKind, TopicRules


def library(*, topics: tuple[str, ...] = (), tags: tuple[str, ...] = (), each: int = 3) -> Papers:
    return Papers([Paper(ItemId("users/1", f"K{n}"), "T", topics=topics, tags=tags) for n in range(each)])


def paths(context: Context) -> set[str]:
    return {path for page, path in context.own.items() if page.kind is PageKind.TOPIC}


def topic_files(papers: Papers, rules: TopicRules | None = None, vault: Vault | None = None) -> set[str]:
    made = make_context(papers, IndexRules(topics=rules or TopicRules()), vault or Vault())
    return {path.removeprefix("Index/Topics/").removesuffix(".md") for path in paths(made)}


def test_collections_make_a_tree_and_all_above_them_have_pages() -> None:
    assert topic_files(library(topics=("NLP/Transformers/BERT",), each=1)) == {
        "NLP",
        "NLP/Transformers",
        "NLP/Transformers/BERT",
    }


def test_a_tag_makes_a_topic_when_enough_papers_share_it() -> None:
    assert topic_files(library(tags=("world-models",), each=2)) == set()
    assert topic_files(library(tags=("world-models",), each=3)) == {"world-models"}
    assert topic_files(library(tags=("a",), each=1), TopicRules(min_papers=1)) == {"a"}


def test_a_collection_and_a_tag_of_one_name_are_one_topic() -> None:
    assert topic_files(library(topics=("Machine Learning",), tags=("machine-learning",))) == {"Machine Learning"}
    nested = library(topics=("NLP/Machine Learning",), tags=("machine-learning",))
    assert topic_files(nested) == {"NLP", "NLP/Machine Learning"}
    twice = library(topics=("NLP/Graphs", "Vision/Graphs"), tags=("graphs",))
    assert "graphs" in topic_files(twice)


def test_a_tag_that_joins_a_collection_has_its_papers_there() -> None:
    papers = library(topics=("NLP/Graphs",), each=2)
    for number in range(3):
        item = ItemId("users/1", f"T{number}")
        papers.put(item, Paper(item, "T", tags=("graphs",)))
    context = make_context(papers, IndexRules())
    topic = context.topics["nlp/graphs"]
    assert papers.distinct(topic.members) == 5
    assert context.tree.home(("graphs",)) == "nlp/graphs"


def test_sources_includes_excludes_renames_and_hierarchy() -> None:
    papers = library(topics=("NLP/BERT", "Old/Vision"), tags=("to-quote", "method/steering"))
    assert topic_files(papers, TopicRules(sources=frozenset({"tag"}))) == {"to-quote", "method", "method/steering"}
    assert topic_files(papers, TopicRules(include=("nlp",))) == {"NLP", "NLP/BERT"}
    assert topic_files(papers, TopicRules(exclude=("#To *", "method"))) == {"NLP", "NLP/BERT", "Old", "Old/Vision"}
    renamed = TopicRules(rename={"Old": "Computer Vision/Archive", "#method": "Methods"}, exclude=("to-quote",))
    assert topic_files(papers, renamed) == {
        *("NLP", "NLP/BERT", "Methods", "Methods/steering"),
        *("Computer Vision", "Computer Vision/Archive", "Computer Vision/Archive/Vision"),
    }
    assert topic_files(library(tags=("method/steering",)), TopicRules(hierarchy=False)) == {"method∕steering"}


def test_names_that_are_no_file_names_are_made_safe() -> None:
    bad = ("../x", "CON", "a//b", "x" * 300, "🙂", "//", "c.", "\u202eעברית")
    files = topic_files(library(topics=bad))
    assert {"_", "_/x", "CON_", "a", "a/b", "x" * 80, "🙂", "c"} <= files
    assert all(part and part.strip(". ") == part and part != ".." for path in files for part in path.split("/"))


def test_topics_whose_safe_names_are_the_same_stay_apart() -> None:
    assert topic_files(library(topics=("a:b", "a?b", "a*b"))) == {"a_b", "a_b (papers)", "a_b (papers 2)"}


def test_r27_no_index_note_takes_a_name_that_another_note_bears() -> None:
    notes = [
        ("People/Transformers.md", Facts()),
        ("Papers/@a.md", Facts(aliases=("World Models",))),
        ("reading list.md", Facts()),
        ("Daily/2025-W39.md", Facts()),
    ]
    papers = library(topics=("NLP/Transformers", "World Models"))
    papers.put(ItemId("users/1", "W"), Paper(ItemId("users/1", "W"), "T", added="2025-09-25"))
    made = make_context(papers, IndexRules(), vault_of(notes, own=frozenset()))
    assert made.own[Page(PageKind.TOPIC, "nlp/transformers")] == "Index/Topics/NLP/Transformers (NLP).md"
    assert made.own[Page(PageKind.TOPIC, "world models")] == "Index/Topics/World Models (papers).md"
    assert made.own[Page(PageKind.READING)] == "Index/Reading List (papers).md"
    assert made.own[Page(PageKind.WEEK, "2025-W39")] == "Index/Weeks/2025-W39 (papers).md"


@given(st.lists(NAMES, max_size=8), st.sets(NAMES.map(folded)))
def test_r27_base_names_are_unique_and_free_whatever_the_topics(topics: list[str], taken: set[str]) -> None:
    made = make_context(library(topics=tuple(topics), each=1), IndexRules(), Vault(taken=taken.intersection))
    stems = [folded(path.rpartition("/")[2].removesuffix(".md")) for path in made.own.values()]
    assert len(stems) == len(set(stems))
    assert not set(stems) & taken


def test_a_name_in_a_begin_line_can_be_read_again() -> None:
    context = make_context(library(topics=("50% off · now/x",)), IndexRules())
    page = Page(PageKind.TOPIC, "50% off · now/x")
    assert argument(page, context.topics) == "50 off now/x"
