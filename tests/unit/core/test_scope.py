"""Which papers a scope holds."""

from __future__ import annotations

import pytest

from bridge.core.scope import Choice, Labels, Scope

PAPER = Labels(("NLP/Transformers", "Thesis"), ("Machine Learning", "phd"), "journalArticle")


def choice(collections: str = "", tags: str = "", types: str = "") -> Choice:
    return Choice(*(frozenset(filter(None, names.split(","))) for names in (collections, tags, types)))


@pytest.mark.parametrize(
    ("include", "exclude", "is_held"),
    [
        (choice(), choice(), True),
        (choice("NLP"), choice(), True),  # and what is below
        (choice("NLP/Transformers"), choice(), True),
        (choice("NL"), choice(), False),
        (choice("NLP/Transformers/Vision"), choice(), False),
        (choice("Vision,Thesis"), choice(), True),
        (choice(tags="machine learning"), choice(), True),
        (choice(types="book"), choice(), False),
        (choice("NLP", types="journalArticle"), choice(), True),
        (choice("NLP", types="book"), choice(), False),  # each kind that is named must fit
        (choice("NLP"), choice(tags="phd"), False),
        (choice("NLP"), choice("Vision", "other", "book"), True),
        (choice(), choice(types="journalArticle"), False),
    ],
)
def test_a_scope_is_what_fits_each_kind_and_nothing_left_out(include: Choice, exclude: Choice, is_held: bool) -> None:
    assert Scope(include, exclude, str.casefold).holds(PAPER) is is_held


def test_no_labels_fit_no_choice() -> None:
    assert not Scope(choice("NLP")).holds(Labels())
    assert Scope(exclude=choice("NLP")).holds(Labels())
    assert not Scope()
