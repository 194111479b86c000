"""The topics as a canvas: valid, the same for the same topics, and what people did to it stays."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from canvas_syntax import problems
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.indexes.canvas import HEIGHT, LIMIT, WIDTH, Topic, edge_id, node_id, topics_canvas


def topic(name: str, count: int = 3) -> Topic:
    path = tuple(name.split("/"))
    return Topic(path, count, f"Index/Topics/{name}.md")


SOME = [topic(name) for name in ("NLP", "NLP/Transformers", "NLP/Parsing", "Physics", "NLP/Transformers/Scaling")]

PATHS = st.lists(
    st.sampled_from(["a", "B", "b", "ß", "été", "数学", "CON", "..", "🙂", "x" * 300]), min_size=1, max_size=4
)
TOPICS = st.lists(
    st.builds(
        lambda path, count, page: Topic(tuple(path), count, f"Index/Topics/{'/'.join(path)}.md" if page else ""),
        PATHS,
        st.integers(0, 50),
        st.booleans(),
    ),
    unique_by=lambda each: each.path,
    max_size=25,
)


def read(text: str) -> dict[str, Any]:
    canvas: dict[str, Any] = json.loads(text)
    return canvas


def node(text: str, name: str) -> dict[str, Any]:
    return next(each for each in read(text)["nodes"] if each["id"] == node_id(tuple(name.split("/"))))


def moved(text: str, name: str, **changes: Any) -> str:
    """The canvas with a card changed, as a person would in Obsidian."""
    canvas = read(text)
    for each in canvas["nodes"]:
        if each["id"] == node_id(tuple(name.split("/"))):
            each.update(changes)
    return json.dumps(canvas)


def overlapping(text: str) -> list[tuple[str, str]]:
    boxes = [(each["x"], each["y"], each["width"], each["height"], each["id"]) for each in read(text)["nodes"]]
    return [
        (a[4], b[4])
        for at, a in enumerate(boxes)
        for b in boxes[:at]
        if a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
    ]


# --- a canvas of our own ----------------------------------------------------------------------------------------------


def test_it_is_written_as_obsidian_writes_canvases() -> None:
    upper, lower = node_id(("NLP",)), node_id(("NLP", "Parsing"))
    assert topics_canvas([topic("NLP"), topic("NLP/Parsing")]) == (
        "{\n"
        '\t"nodes":[\n'
        f'\t\t{{"id":"{upper}","type":"file","file":"Index/Topics/NLP.md",'
        '"x":0,"y":0,"width":320,"height":180,"color":"1"},\n'
        f'\t\t{{"id":"{lower}","type":"file","file":"Index/Topics/NLP/Parsing.md",'
        '"x":400,"y":0,"width":320,"height":180}\n'
        "\t],\n"
        '\t"edges":[\n'
        f'\t\t{{"id":"{edge_id(("NLP",), ("NLP", "Parsing"))}","fromNode":"{upper}","fromSide":"right",'
        f'"toNode":"{lower}","toSide":"left","toEnd":"none"}}\n'
        "\t]\n"
        "}"
    )


def test_a_canvas_without_topics_has_two_empty_lists() -> None:
    assert topics_canvas([]) == '{\n\t"nodes":[],\n\t"edges":[]\n}'


@settings(max_examples=60, deadline=None)
@given(TOPICS, st.randoms(use_true_random=False))
def test_it_keeps_to_the_published_syntax_and_no_order_matters(topics: list[Topic], chance: random.Random) -> None:
    text = topics_canvas(topics)
    assert problems(text) == []
    assert overlapping(text) == []
    chance.shuffle(topics)
    assert topics_canvas(topics) == text
    assert topics_canvas(topics, text) == text
    assert sorted(each["file"] for each in read(text)["nodes"]) == sorted(each.file for each in topics if each.file)


def test_a_line_leads_from_a_topic_to_those_under_it_also_where_one_between_has_no_page() -> None:
    topics = [topic("A"), Topic(("A", "B"), 1, ""), topic("A/B/C")]
    assert [(each["fromNode"], each["toNode"]) for each in read(topics_canvas(topics))["edges"]] == [
        (node_id(("A",)), node_id(("A", "B", "C")))
    ]


def test_r35_a_count_that_changes_changes_no_byte() -> None:
    before = topics_canvas(SOME)
    more = [Topic(each.path, each.count + 1, each.file) for each in SOME]
    assert topics_canvas(more, before) == before == topics_canvas(more)


def test_at_most_200_cards_the_fullest_topics_and_all_above_them() -> None:
    topics = [topic(f"t{at:03}", count=at) for at in range(250)]
    topics += [topic("deep", 0), topic("deep/er", 0), topic("deep/er/still", 1000)]
    files = {each["file"] for each in read(topics_canvas(topics))["nodes"]}
    assert len(files) == LIMIT
    assert {f"Index/Topics/{name}.md" for name in ("deep", "deep/er", "deep/er/still", "t249", "t053")} <= files
    assert "Index/Topics/t052.md" not in files


def test_a_large_map_has_about_the_shape_of_a_screen() -> None:
    nodes = read(topics_canvas(topic(f"{a}/{b}") for a in range(20) for b in range(9)))["nodes"]
    width = max(each["x"] for each in nodes) + WIDTH - min(each["x"] for each in nodes)
    height = max(each["y"] for each in nodes) + HEIGHT - min(each["y"] for each in nodes)
    assert 1 < width / height < 2.5


def test_law_13_a_topics_name_stands_in_no_text() -> None:
    text = topics_canvas([Topic(('"},{[[x]] <% %> %%',), 1, "Index/Topics/safe.md")])
    assert [sorted(each) for each in read(text)["nodes"]] == [
        ["color", "file", "height", "id", "type", "width", "x", "y"]
    ]


# --- a canvas that people have touched (law 3) ------------------------------------------------------------------------


def test_cards_keep_the_place_size_and_colour_people_gave_them_and_keys_nobody_knows() -> None:
    text = moved(topics_canvas(SOME), "Physics", x=-900, y=33, width=500, height=260, color="#ff0000", shape="pill")
    text = topics_canvas([*SOME, topic("Physics/Optics")], text)
    kept = node(text, "Physics")
    assert [kept[key] for key in ("x", "y", "width", "height", "color", "shape")] == [
        -900,
        33,
        500,
        260,
        "#ff0000",
        "pill",
    ]
    assert problems(text) == []


def test_a_colour_that_was_taken_away_stays_away() -> None:
    canvas = read(topics_canvas(SOME))
    for each in canvas["nodes"]:
        each.pop("color", None)
    assert "color" not in topics_canvas([*SOME, topic("NLP/New")], json.dumps(canvas))


def test_a_new_topic_is_put_beside_the_one_above_it_wherever_that_was_moved() -> None:
    first = topics_canvas(SOME)
    there = node(first, "Physics")
    text = topics_canvas(
        [*SOME, topic("Physics/Optics")], moved(first, "Physics", x=there["x"] + 5000, y=there["y"] - 700)
    )
    fresh = topics_canvas([*SOME, topic("Physics/Optics")])
    old, new = node(fresh, "Physics/Optics"), node(text, "Physics/Optics")
    assert new["x"] - node(text, "Physics")["x"] == old["x"] - node(fresh, "Physics")["x"]
    assert abs(new["y"] - node(text, "Physics")["y"]) <= HEIGHT * 4


def test_a_new_topic_is_laid_on_nothing() -> None:
    text = topics_canvas([topic("A"), topic("A/M"), topic("Z")])
    canvas = read(text)
    canvas["nodes"].append(
        {"id": "0123456789abcdef", "type": "text", "text": "mine", "x": 350, "y": 150, "width": 900, "height": 900}
    )
    text = topics_canvas(
        [topic("A"), topic("A/B"), topic("A/M"), topic("A/N"), topic("Q"), topic("Z")], json.dumps(canvas)
    )
    # Ours that were there may lie under what a person put on them; what is new lies on nothing.
    new = {node_id(("A", "B")), node_id(("A", "N")), node_id(("Q",))}
    assert [pair for pair in overlapping(text) if new & set(pair)] == []
    assert len(read(text)["nodes"]) == 7


def test_a_new_tree_stays_together() -> None:
    tree = [topic(name) for name in ("M", "M/a", "M/b", "M/b/c", "M/d")]
    first = topics_canvas([topic("A"), topic("A/x"), topic("A/y"), topic("Z"), topic("Z/x")])
    grown = topics_canvas([*tree, *(topic(name) for name in ("A", "A/x", "A/y", "Z", "Z/x"))], first)
    alone = topics_canvas(tree)
    assert overlapping(grown) == []
    apart = {
        (node(grown, name)["x"] - node(alone, name)["x"], node(grown, name)["y"] - node(alone, name)["y"])
        for name in ("M", "M/a", "M/b", "M/b/c", "M/d")
    }
    assert len(apart) == 1


def test_a_group_may_hold_new_cards() -> None:
    first = topics_canvas([topic("A")])
    canvas = read(first)
    canvas["nodes"].insert(
        0, {"id": "9", "type": "group", "x": -500, "y": -500, "width": 5000, "height": 5000, "label": "all"}
    )
    text = topics_canvas([topic("A"), topic("A/B")], json.dumps(canvas))
    assert node(text, "A/B")["y"] == node(topics_canvas([topic("A"), topic("A/B")]), "A/B")["y"]


def test_what_people_added_stays_and_stays_below_or_above() -> None:
    canvas = read(topics_canvas(SOME))
    mine = {
        "id": "00ff00ff00ff00ff",
        "type": "text",
        "x": 1,
        "y": 2,
        "width": 3,
        "height": 4,
        "text": 'Ein\n\\ "Wort" 🙂',
    }
    line = {
        "id": "1",
        "fromNode": mine["id"],
        "toNode": node_id(("Physics",)),
        "label": "see",
        "styleAttributes": {"a": [1.5]},
    }
    canvas["nodes"].insert(1, mine)
    canvas["edges"].insert(0, line)
    canvas["metadata"] = {"version": "1.0-1.0", "frontmatter": {}}
    text = topics_canvas([*SOME, topic("Zoology")], json.dumps(canvas))
    after = read(text)
    assert after["nodes"][1] == mine
    assert after["edges"][0] == line
    assert text.endswith('\t],\n\t"metadata":{\n\t\t"version":"1.0-1.0",\n\t\t"frontmatter":{}\n\t}\n}')
    assert problems(text) == []


def test_a_topic_that_is_gone_takes_its_card_and_all_lines_to_it_along() -> None:
    canvas = read(topics_canvas(SOME))
    canvas["nodes"].append({"id": "mine", "type": "text", "text": "", "x": 0, "y": -900, "width": 99, "height": 99})
    canvas["edges"] += [
        {"id": "e1", "fromNode": "mine", "toNode": node_id(("Physics",))},
        {"id": "e2", "fromNode": node_id(("NLP",)), "toNode": "mine"},
    ]
    text = topics_canvas([each for each in SOME if each.path != ("Physics",)], json.dumps(canvas))
    assert len(read(text)["nodes"]) == len(SOME)  # one fewer of ours, one of theirs
    assert "e2" in text
    assert '"e1"' not in text
    assert problems(text) == []


def test_our_lines_keep_what_people_changed_about_them() -> None:
    canvas = read(topics_canvas(SOME))
    canvas["edges"][0].update(color="4", label="grew out of", toEnd="arrow")
    text = topics_canvas([*SOME, topic("Zoology")], json.dumps(canvas))
    assert read(text)["edges"][0] == canvas["edges"][0]


def test_a_page_that_was_moved_is_followed() -> None:
    before = topics_canvas(SOME)
    text = topics_canvas([Topic(each.path, each.count, each.file.replace("Index", "Maps")) for each in SOME], before)
    assert text == before.replace("Index/Topics", "Maps/Topics")


@pytest.mark.parametrize("indent", [None, 2])
def test_law_2_other_notation_is_no_change(indent: int | None) -> None:
    text = json.dumps(read(topics_canvas(SOME)), indent=indent, sort_keys=True)
    assert topics_canvas(SOME, text) == text


@pytest.mark.parametrize(
    "text",
    ["{", "[]", "null", '{"nodes":{}}', '{"nodes":[{"x":NaN}]}', '{"nodes":[{"x":1e999}]}', "[" * 100_000, "# a note"],
    ids=["cut", "list", "null", "no list", "NaN", "infinite", "deep", "Markdown"],
)
def test_what_is_no_canvas_is_left_as_it_is(text: str) -> None:
    assert topics_canvas(SOME, text) == text


@pytest.mark.parametrize("text", ["", "\n", "{}", '{"nodes":[]}'])
def test_a_canvas_obsidian_has_just_made_is_filled(text: str) -> None:
    assert read(topics_canvas(SOME, text)) == read(topics_canvas(SOME))


def test_odd_things_in_a_canvas_stay() -> None:
    odd = [None, 7, "x", {"id": 3}, {"id": ["y"], "x": "left"}, {"id": "topic0123", "y": 1.25}]
    text = topics_canvas(SOME, json.dumps({"nodes": odd, "edges": odd, "more": odd}))
    assert read(text)["nodes"][: len(odd)] == odd
    assert read(text)["edges"][: len(odd)] == odd
    assert read(text)["more"] == odd


def test_half_a_character_stays_writable() -> None:
    text = topics_canvas(SOME, '{"nodes":[{"id":"a","type":"text","text":"\\ud83d","x":0,"y":0,"width":1,"height":1}]}')
    assert b'"text":"\\ud83d"' in text.encode("utf-8")


@settings(max_examples=40, deadline=None)
@given(st.lists(TOPICS, min_size=1, max_size=5))
def test_after_any_history_the_topics_are_those_of_today_and_all_is_valid(history: list[list[Topic]]) -> None:
    text = None
    for topics in history:
        text = topics_canvas(topics, text)
        assert problems(text) == []
        assert overlapping(text) == []
        assert {each["id"] for each in read(text)["nodes"]} == {node_id(each.path) for each in topics if each.file}
        assert topics_canvas(topics, text) == text
