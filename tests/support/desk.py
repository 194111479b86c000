"""A desk to work at: a vault in step with a served library, the person who edits both, and the command they run."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import httpx2
from command import Result, run, run_json

from bridge.sandbox.server import SandboxServer

#: Papers on a desk; over twice the minimum of twenty of the guards.
PAPERS = 44
#: Lines of a person's own, around the two that Bridge keeps.
EXTRA = (
    "PMID: {n}\n  tex.note:  kept as it is  \n"
    "Read_Status: To Read\nRead_Status_Date: 2024-05-{day:02}\n\nmy words: a\tb"
)


class Library:
    """One library over HTTP, as its owner sees and edits it."""

    def __init__(self, server: SandboxServer, library: str = "", key: str = "") -> None:
        self.server = server
        self.name = library or server.library
        self._headers = {"Zotero-API-Key": key or server.key}

    def call(self, method: str, path: str, json: Any = None, **params: Any) -> httpx2.Response:
        """One request below the library; it must succeed."""
        address = f"{self.server.url}/{self.name}/{path}"
        # Certificates take 8 ms to load, and this server has none.
        answer = httpx2.request(method, address, headers=self._headers, json=json, params=params, verify=False)
        assert answer.is_success, answer.text
        return answer

    def add(self, *papers: dict[str, Any]) -> list[str]:
        """Make papers (at most 50); their keys."""
        report = self.call("POST", "items", list(papers)).json()
        assert not report["failed"], report["failed"]
        return [report["successful"][str(place)]["key"] for place in range(len(papers))]

    def item(self, key: str) -> dict[str, Any]:
        """An item's data."""
        data: dict[str, Any] = self.call("GET", f"items/{key}").json()["data"]
        return data

    def items(self) -> dict[str, dict[str, Any]]:
        """All papers' data, by key."""
        found: dict[str, dict[str, Any]] = {}
        while True:
            page = self.call("GET", "items/top", limit=100, start=len(found), includeTrashed=1).json()
            found |= {one["key"]: one["data"] for one in page}
            if len(page) < 100:
                return found

    def change(self, key: str, **fields: Any) -> None:
        """Edit an item."""
        self.call("PATCH", f"items/{key}", {"version": self.item(key)["version"], **fields})

    def trash(self, key: str, *, trashed: bool = True) -> None:
        """Put an item into the trash, or take it out."""
        self.change(key, deleted=int(trashed))

    def erase(self, *keys: str) -> None:
        """Erase items for good."""
        for at in range(0, len(keys), 50):
            self._delete("items", itemKey=",".join(keys[at : at + 50]))

    def erase_collection(self, key: str) -> None:
        """Erase a collection and those below it; their papers stay."""
        self._delete(f"collections/{key}")

    def _delete(self, path: str, **params: Any) -> None:
        self._headers["If-Unmodified-Since-Version"] = str(self.version)
        self.call("DELETE", path, **params)
        del self._headers["If-Unmodified-Since-Version"]

    @property
    def version(self) -> int:
        """The library's version."""
        return int(self.call("GET", "items", limit=1, format="keys").headers["Last-Modified-Version"])

    def tags(self, key: str) -> list[str]:
        """An item's manual tags, sorted."""
        return sorted(tag["tag"] for tag in self.item(key)["tags"] if not tag.get("type"))


def paper(n: int, **fields: Any) -> dict[str, Any]:
    """The ``n``-th paper of a desk, with citation key ``p<n>``."""
    return {
        "itemType": "journalArticle",
        "title": f"Paper number {n}",
        "citationKey": f"p{n}",
        "creators": [{"creatorType": "author", "firstName": "Ada", "lastName": f"Author{n}"}],
        "date": "2023-04-05",
        "DOI": f"10.1000/p.{n}",
        "url": f"https://example.org/{n}",
        "abstractNote": f"About {n}.",
        "tags": [{"tag": "Shared Tag"}, {"tag": f"own {n}"}, {"tag": "machine made", "type": 1}],
        "extra": EXTRA.format(n=n, day=n % 28 + 1),
        **fields,
    }


class Desk:
    """A vault, its state and its library. Papers are known by their citation key: ``p0`` to ``p43``."""

    def __init__(self, folder: Path, web: Library, keys: dict[str, str]) -> None:
        self.vault, self.state, self.web, self.keys = folder / "vault", folder / "state", web, keys

    @classmethod
    def set_up(cls, folder: Path, web: Library, papers: int = PAPERS, *, indexes: bool = False) -> Desk:
        """Fill the library and connect an empty folder with it; ``ZOTERO_API_KEY`` must be set.

        :param indexes: whether index notes are written too; without them a test can count every file that moves.
        """
        made = web.add(*(paper(n) for n in range(papers)))
        desk = cls(folder, web, {f"p{n}": key for n, key in enumerate(made)})
        code, out, err = run("init", desk.vault, "--url", web.server.url, "--yes", "--no-template")
        assert code == 0, out + err
        if not indexes:
            config = desk.vault / ".bridge" / "config.toml"
            config.write_text(config.read_text() + "\n[index]\npages = []\n")
        return desk

    def copy_to(self, folder: Path) -> Desk:
        """The same desk at another place, as if everything had been moved there at once (R31)."""
        other = Desk(folder, self.web, dict(self.keys))
        for here, there in ((self.vault, other.vault), (self.state, other.state)):
            shutil.copytree(here, there, symlinks=True)
        for record in other.state.rglob("home.json"):
            record.write_text(json.dumps({"path": "/nowhere/vault"}))
        return other

    # --- the command ---

    def run(self, *arguments: object) -> Result:
        """Run a command on the vault, as a person would."""
        return run("-C", self.vault, *arguments)

    def json(self, *arguments: object) -> tuple[int, Any]:
        """Run a command on the vault with ``--json``."""
        return run_json("-C", self.vault, *arguments)

    def sync(self, *flags: str) -> tuple[int, Any]:
        """One cycle: its exit code and what it reports."""
        return self.json("sync", "--once", *flags)

    def settle(self) -> None:
        """Sync until in step; then again, twice, which must do nothing at all (law 2).

        The first of the two may read what the bridge wrote itself, for a cursor moves only by reading (law 7); the
        second is one request.
        """
        assert self.sync()[0] == 0
        before = self.stats()
        for _ in range(2):
            code, report = self.sync()
            assert (code, quiet(report)) == (0, True), report
        assert report["requests"] == 1
        assert self.stats() == before

    def held(self) -> list[dict[str, Any]]:
        """What `bridge status` lists as held."""
        found: list[dict[str, Any]] = self.json("status")[1]["held"]
        return found

    # --- the vault ---

    def path(self, name: str) -> Path:
        """A paper's note, where it was made."""
        return self.vault / "Papers" / f"@{name}.md"

    def text(self, name: str) -> str:
        """A paper's note, line ends as they are."""
        return self.path(name).read_bytes().decode()

    def write(self, name: str, text: str) -> None:
        """Write a note's text as it is given."""
        self.path(name).write_bytes(text.encode())

    def edit(self, name: str, pattern: str, replacement: str) -> str:
        """Edit a note as an editor would, by a regular expression over lines; the text it has then."""
        text, count = re.subn(pattern, replacement, self.text(name), count=1, flags=re.MULTILINE)
        assert count == 1, self.text(name)
        self.write(name, text)
        return text

    def value(self, name: str, key: str) -> str | None:
        """What stands behind a key in a note's properties."""
        found = re.search(rf"^{key}: ?(.*?)\r?$", self.text(name), re.MULTILINE)
        return found[1] if found else None

    def list(self, name: str, key: str) -> list[str]:
        """The members of a list among a note's properties."""
        found = re.search(rf"^{key}:\r?\n((?:  - .*\n)*)", self.text(name), re.MULTILINE)
        return [line.removeprefix("  - ").strip("\r") for line in found[1].splitlines()] if found else []

    def stats(self) -> dict[str, tuple[int, int]]:
        """When each file of the vault was changed, and its inode: what idle cycles leave alone."""
        return {
            path.relative_to(self.vault).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino)
            for path in self.vault.rglob("*")
        }

    def bytes(self) -> dict[str, str]:
        """A digest of every file of the vault."""
        return digests(self.vault)


def digests(folder: Path) -> dict[str, str]:
    """A digest of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def quiet(report: dict[str, Any]) -> bool:
    """Whether a cycle's report says that nothing was written."""
    parts = ("zotero", "vault", "indexes")
    return not any(number for part in parts for number in report[part].values())
