"""What the work would cost if it were nothing but network and disk: run as a script, prints one JSON object.

``idle``: one conditional request and a look at every file's stat, with nothing but the standard library.
``first``: the pages of a library downloaded four at a time, and given files written as Bridge writes them: beside
their place, brought to the disk eight at a time, linked into place, the folder brought to the disk after every 200.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit


def idle(url: str, key: str, version: str, vault: str) -> dict[str, float]:
    """One 304, and the stat of every file."""
    from http.client import HTTPConnection

    connection = HTTPConnection(urlsplit(url).netloc)
    headers = {"Zotero-API-Key": key, "If-Modified-Since-Version": version}
    connection.request("GET", f"/users/1/items?since={version}&limit=1", headers=headers)
    answer = connection.getresponse()
    answer.read()
    folders, seen = [vault], 0
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    seen += entry.stat(follow_symlinks=False).st_size > 0
    return {"status": answer.status, "files": seen}


def first(url: str, key: str, items: str, source: str, target: str) -> dict[str, float]:
    """A download and the same notes written; what reading them for that cost is left out."""
    notes = {path.name: path.read_bytes() for path in Path(source).iterdir() if path.suffix == ".md"}
    Path(target).mkdir(parents=True)
    began, spent = time.perf_counter(), _cpu()
    size = _download(url, key, int(items))
    downloaded = time.perf_counter()
    _write(notes, target)
    ended = time.perf_counter()
    return {
        "wall": ended - began,
        "cpu": _cpu() - spent,
        "download": downloaded - began,
        "write": ended - downloaded,
        "bytes": size,
        "files": len(notes),
    }


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _download(url: str, key: str, items: int) -> int:
    import httpx2

    headers = {"Zotero-API-Key": key, "Zotero-API-Version": "3"}
    query = {"format": "json", "since": "0", "sort": "dateAdded", "direction": "asc", "includeTrashed": "1"}
    with httpx2.Client(headers=headers, verify=False, trust_env=False, timeout=60) as client:

        def page(start: int) -> int:
            answer = client.get(f"{url}/users/1/items", params=query | {"start": str(start), "limit": "100"})
            answer.raise_for_status()
            return len(answer.content)

        with ThreadPoolExecutor(4) as pool:
            return sum(pool.map(page, range(0, items, 100)))


def _write(notes: dict[str, bytes], target: str) -> None:
    def flush(paths: list[str]) -> None:
        for path in paths:
            handle = os.open(path, os.O_RDWR)
            os.fsync(handle)
            os.close(handle)

    source = iter(notes.items())
    with ThreadPoolExecutor(8) as pool:
        while chunk := list(islice(source, 200)):
            staged = []
            for name, data in chunk:
                temporary = f"{target}/.tmp-{secrets.token_hex(6)}"
                handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
                os.write(handle, data)
                os.close(handle)
                staged.append((temporary, f"{target}/{name}"))
            list(pool.map(flush, [[path for path, _ in staged[part::8]] for part in range(8)]))
            for temporary, path in staged:
                os.link(temporary, path)
                os.unlink(temporary)  # noqa: PTH108 (a floor has no time for path objects)
            folder = os.open(target, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)


if __name__ == "__main__":
    arguments = sys.argv[2:]
    print(json.dumps(idle(*arguments) if sys.argv[1] == "idle" else first(*arguments)))
