"""One request, two servers: the sandbox must answer as the independent server does, or the difference is listed here.

Compared are status, version headers, which objects of a batch came through and with what code those did not, and the
objects themselves without their times. In each difference the sandbox answers as zotero.org does; what that is was
taken from its documentation ("Web API v3"), from zotero/dataserver with its own tests, and from runs of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from library_server import LibraryServer
from server_answers import differences, essence
from server_script import STEPS, fill

pytestmark = pytest.mark.oracle

Known = Mapping[str, tuple[Any, Any]]

#: Refused by the sandbox with this code for one object of a batch, written by the other server.
REFUSED_HERE: Known = {"at": (0, 1), "body.failed.0": (400, None), "body.successful.0": (None, "...")}
#: The other way round.
REFUSED_THERE: Known = {"at": (1, 0), "body.failed.0": (None, 400), "body.successful.0": ("...", None)}
#: The other server leaves the counts out of what it answers to a write.
NO_COUNTS: Known = {
    "body.successful.0.meta.numCollections": (1, None),
    "body.successful.0.meta.numItems": (1, None),
}

#: Step to where the answers differ: (the sandbox's, the other server's).
DIFFERENCES: Mapping[str, Known] = {
    # Reading: "since" must be a number; a start beyond the end is an empty page.
    "since in words": {"status": (400, 200), "at": (None, 0), "total": (None, 4), "body": (None, "...")},
    "start past the end": {f"body.{name}": (None, "...") for name in ("A Book", "A Paper", "Link", "NNNN2222")},
    # A collection counts its members, not their children as well.
    "collections": {"body.Sub.meta.numItems": (1, 3)},
    "one collection": {"body.meta.numItems": (1, 3)},
    # Not there.
    "tags of an item": {"status": (200, 404), "at": (0, None), "total": (2, None), "body": ("...", None)},
    "schema": {"status": (200, 404), "body": ("...", None)},
    # What a write answers with is not all that a read shows.
    "three changes": {"body.successful.1.meta.creatorSummary": ("Lovelace", None)},
    "a renamed collection": NO_COUNTS,
    "a collection trashed": NO_COUNTS,
    # The library's version rises for an object that stays as it is.
    "no change": {"at": (1, 0)},
    "one of each": {"at": (3, 2), "body.successful.4.version": (3, 2)},
    # A version still to come is accepted as a precondition.
    "a version to come": {"at": (1, 0), "body.failed.0": (None, 412), "body.successful.0": ("...", None)},
    "the library to come": {"status": (200, 412), "at": (1, 0), "body": ("...", None)},
    # A library's precondition fails without saying its version, an object's says the object's.
    "the library as it was": {"at": (None, 0)},
    "delete, stale": {"at": (-7, None)},
    # One missing collection refuses the whole batch there, in a list that does not say for which object.
    "a missing collection": {"body.failed.0": (409, None), "body.failed.list 0": (None, 409)},
    # Properties that an item cannot have are refused, and so are values of another kind.
    "an unknown property": REFUSED_HERE,
    "another type's field": REFUSED_HERE,
    "a citation key of a note": REFUSED_HERE,
    "a list for a title": REFUSED_HERE,
    "a tag of a type that is none": REFUSED_HERE,
    "a collection without a name": REFUSED_HERE,
    "a collection under itself": REFUSED_HERE,
    "patch, unknown property": {"status": (400, 204), "at": (None, 1)},
    "a number for a title": {"body.successful.0.data.title": ("5", 5)},
    # What is written is normalised: each tag once, no space around, notes as one editor writes them, no empty creator.
    "a tag twice": {"body.successful.0.data.tags.1": (None, "...")},
    "spaces around": {
        "body.successful.0.data.title": ("New", "  New  "),
        "body.successful.0.data.extra": ("a: b", " a: b\n"),
    },
    "a note's markup": {
        "body.successful.0.data.note": (
            "<p>A <strong>bold</strong> <em>word</em></p>",
            "<p>A <b>bold</b> <i>word</i></p>",
        )
    },
    "a creator without a name": {"body.unchanged.0": ("0", None), "body.successful.0": (None, "...")},
    # Tags may be bare texts.
    "tags as texts": REFUSED_THERE,
    "51 objects": {"status": (413, 200), "at": (None, 51), "body": (None, "...")},
    # Dates are read wherever a year stands in them; only years as they are written count.
    "dates": {
        "body.0017.meta.parsedDate": (None, "0017"),
        "body.2017/06/12.meta.parsedDate": ("2017-06-12", None),
        **{
            f"body.{date}.meta.parsedDate": ("2017", None)
            for date in ("12/2017", "17 Mai 2017", "2017-13-40", "2017-2018", "Spring 2017", "c. 2017")
        },
    },
    # The author of a book edited by another is its creator.
    "creators": {"body.Creators 5.meta.creatorSummary": ("Two", "One and Two")},
    # The other item's new relation does not raise the version.
    "related": {"at": (1, 2)},
    # Single objects: a missing one cannot be patched or deleted at a version, and each has a version of its own.
    "patch, missing": {"status": (404, 412)},
    "delete, missing": {"status": (412, 204), "at": (None, 0)},
    "delete a collection by its own version": {"status": (204, 412), "at": (1, 0)},
    # Deleting several is bound to the library's version where one is given, and needs none.
    "delete several, stale": {"status": (412, 204), "at": (None, 1)},
    "delete several, no version": {"status": (204, 428), "at": (1, None)},
}


@pytest.fixture(scope="module")
def filled() -> dict[str, int]:
    """The version at which a server holds the script's library untouched, by the server's name."""
    return {}


@pytest.mark.parametrize("name", STEPS)
def test_both_servers_answer_alike(
    sandbox: LibraryServer, selfhost: LibraryServer, filled: dict[str, int], name: str
) -> None:
    seen = {}
    for server in (sandbox, selfhost):
        if filled.get(server.name) is None or filled[server.name] != server.version:
            server.reset()
            fill(server)
            filled[server.name] = server.version
        seen[server.name] = essence(STEPS[name](server), filled[server.name])
    assert differences(seen["sandbox"], seen["selfhost"]) == DIFFERENCES.get(name, {})


def test_every_listed_difference_is_of_a_step() -> None:
    assert DIFFERENCES.keys() <= STEPS.keys()
