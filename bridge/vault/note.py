"""Markdown to a face, and edits to Markdown: what a note says of its paper, and how that is changed.

Law 4 is kept here with :mod:`bridge.vault.frontmatter` and :mod:`bridge.core.blocks`: an edit changes the lines of
its keys, the managed block whose source changed, and the first heading while it still is the title (R30); no other
byte. Law 13: what comes from Zotero stands in front-matter as one value, in the body as escaped text.

Reading never fails: what a person must mend is :class:`~bridge.core.plan.Held`, with the item's id found all the same
where it can be, so that a broken note is never taken for a deleted one (law 9). A field that is held is missing from
the face, and is to be left alone by the merge. R7: an absent key says nothing, an empty one (``key:``, ``""``, ``[]``)
is shown empty. R36: keys may be renamed, and a text whose type in the vault is a list reads as its one member.

Pure: bytes in, values or bytes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from bridge.core import blocks
from bridge.core.children import BLOCKS
from bridge.core.place import Facts
from bridge.core.plan import Held
from bridge.core.policy import ORDER
from bridge.core.record import Face, ItemId, Value
from bridge.core.side import Edit
from bridge.core.text import with_code
from bridge.errors import NoteError
from bridge.vault import dialects, frontmatter, tags
from bridge.vault.sections import hosted, one_line, sections
from bridge.vault.targets import targets
from bridge.vault.template import heading_of
from bridge.vault.values import LISTS, OddError, loose, one, tags_of, unique, value_of

if TYPE_CHECKING:
    from bridge.vault.frontmatter import FrontMatter, Node

KEY: Final = "zotero-key"
LIBRARY: Final = "zotero-library"
STAMP: Final = "zotero-stamp"
#: Keys that say which paper a note is about; they are no part of its face.
IDENTITY: Final = frozenset({KEY, LIBRARY, STAMP})
#: Fields that stand in every note, empty or not.
ALWAYS: Final = frozenset({"status", "tags"})

_KEY: Final = re.compile(dialects.BOUND_KEY)
_LIBRARY: Final = re.compile(r"(?:users|groups)/[1-9][0-9]*")
_SELECT: Final = re.compile(
    rb"zotero://select/(?:library/|groups/[0-9]+/)?items/(?:[0-9]+_)?(%b)(?![0-9A-Za-z])" % dialects.ITEM_KEY.encode()
)
_MENTION: Final = re.compile(rb"\[\[(?:[^\[\]|#^\n]*/)?@([^\[\]|#^/\n]+?)(?:\.md)?[ \t]*\\?(?:[|#^]|\]\])")
#: Where a broken head is searched for its identity: the first lines, at most so many bytes.
_HEAD_BYTES: Final = 16_384


@dataclass(frozen=True, slots=True)
class NoteRules:
    """How this vault writes its notes.

    :param library: the vault's first library; a note without ``zotero-library`` belongs to it.
    :param keys: canonical name to the name used in this vault (R36).
    :param custom: the keys named in ``[fields]``.
    :param list_keys: names, as used in this vault, whose property type there is a list (R36).
    :param number_keys: canonical names of fields that are written as numbers.
    """

    library: str
    keys: Mapping[str, str] = field(default_factory=dict)
    custom: tuple[str, ...] = ()
    list_keys: frozenset[str] = frozenset()
    number_keys: frozenset[str] = frozenset({"year"})
    names: Mapping[str, str] = field(init=False, repr=False, compare=False)  # canonical to used, in order

    def __post_init__(self) -> None:
        url = ORDER.index("url") + 1
        canonical = (*ORDER[:url], *self.custom, *ORDER[url:])
        object.__setattr__(self, "names", {name: self.keys.get(name, name) for name in canonical})


@dataclass(frozen=True, slots=True)
class ReadNote:
    """What one Markdown file says. ``id`` is None for everybody's own notes, whose face is empty."""

    id: ItemId | None
    face: Face
    stamp: str
    facts: Facts
    held: tuple[Held, ...]


# --- reading ----------------------------------------------------------------------------------------------------


def read_note(data: bytes, path: str, rules: NoteRules, *, item: ItemId | None = None) -> ReadNote:
    """What the file at ``path`` (vault-relative, for messages only) says. Never raises.

    ``item`` has a person's own note read as if it were this item's (adoption, R28), whatever it says itself.

    Codes of what is held: for the whole note ``not-utf8``, ``broken-yaml``, ``duplicate-key-in-note``,
    ``bad-zotero-key``, ``bad-zotero-library``; for one field ``not-one-value``, ``not-text``, ``not-a-date``,
    ``tags-not-a-list``, ``broken-block``. A note that cannot be read and bears no ``zotero-key`` is nobody's business.
    """
    links = unique(found.decode() for found in _SELECT.findall(data)) if b"zotero://" in data else ()
    facts = Facts(zotero_links=links, mentions=_mentions(data), links=targets(data), hosts=hosted(data))
    if not data.startswith((b"---", b"\xef\xbb\xbf---")):
        return ReadNote(item, {}, "", facts, ())
    try:
        head = frontmatter.read(data)
    except NoteError as error:
        return _unreadable(data, path, rules, facts, error, item)
    keys = dialects.keys_of(head, rules.names)
    facts = _facts(head, keys, facts)
    if item is None:
        item, held = _identity(head, path, rules)
        if item is None:
            return ReadNote(None, {}, "", _signs(head, rules, facts), held)
    face: dict[str, Value] = {}
    problems: list[Held] = []
    for name, used in keys.items():
        node = head.get(used)
        if node is None or name in IDENTITY:
            continue
        try:
            face[name] = value_of(name, node)
        except OddError as odd:
            problems.append(Held(odd.code, f"`{used}` {odd.reason}", path, name, item))
    problems += _broken_blocks(head.parts.body, path, item)
    node = head.get(rules.names[STAMP])
    stamp = " ".join(loose(node))  # of several that a sync tool left, none is known
    if not stamp:
        facts = _signs(head, rules, facts)  # not of our making: what else it says of its paper may be asked
    return ReadNote(item, face, stamp, _told(head, facts), tuple(problems))


def _identity(head: FrontMatter, path: str, rules: NoteRules) -> tuple[ItemId | None, tuple[Held, ...]]:
    """The item a note is bound to; None for none, and for an identity that a person must mend."""
    values: dict[str, str] = {}
    for name, form in ((KEY, _KEY), (LIBRARY, _LIBRARY)):
        node = head.get(rules.names[name])
        try:
            values[name] = one(node) if node else ""
        except OddError:
            values[name] = "?"
        if values[name] and not form.fullmatch(values[name]):
            reason = f"`{rules.names[name]}` does not have the form of one"
            return None, (Held(f"bad-{name}", reason, path, ""),)
    if not values[KEY]:
        return None, ()
    return _item(values[KEY], values[LIBRARY], rules), ()


def _item(key: str, library: str, rules: NoteRules) -> ItemId:
    """The item of ``zotero-key`` and ``zotero-library``."""
    key, _, group = key.partition("g")  # no key has a small letter; see dialects.BOUND_KEY
    return ItemId(library or (f"groups/{group}" if group else rules.library), key)


def _unreadable(
    data: bytes, path: str, rules: NoteRules, facts: Facts, error: NoteError, item: ItemId | None
) -> ReadNote:
    """A note that cannot be read: held if a line of its head still names its item (law 9), else nobody's business."""
    head = data[:_HEAD_BYTES]
    end = re.search(rb"(?<=\n)---[ \t]*(?:\r?\n|\Z)", head)
    lines = head[: end.start()] if end else head
    if item is None:
        key = _in_lines(lines, rules.names[KEY], _KEY.pattern)
        if not key:
            return ReadNote(None, {}, "", facts, ())
        item = _item(key, _in_lines(lines, rules.names[LIBRARY], _LIBRARY.pattern), rules)
    try:
        data.decode()
    except UnicodeDecodeError:
        code = "not-utf8"
    else:
        code = "duplicate-key-in-note" if "stands twice" in str(error) else "broken-yaml"
    return ReadNote(item, {}, "", facts, (Held(code, str(error), path, id=item),))


def _in_lines(lines: bytes, name: str, form: str) -> str:
    """The value of a key by its line alone."""
    pattern = rf"""^["']?{re.escape(name)}["']?[ \t]*:[ \t]*["']?({form})["']?[ \t]*(?:#.*)?\r?$"""
    found = re.search(pattern.encode(), lines, re.MULTILINE)
    return found[1].decode() if found else ""


def _broken_blocks(body: bytes, path: str, item: ItemId) -> Iterator[Held]:
    if b"%% bridge:" not in body:
        return
    told: set[str] = set()
    for block in blocks.find(body.decode()):
        if block.problem and block.name in BLOCKS and block.name not in told:
            told.add(block.name)
            yield Held("broken-block", f"the block `{block.name}`: {block.problem}", path, block.name, item)


def _facts(head: FrontMatter, keys: Mapping[str, str], facts: Facts) -> Facts:
    """What a head tells about a paper in anybody's words (R26, R27)."""

    def first(name: str) -> str:
        return (*loose(head.get(keys[name])), "")[0]

    aliases = loose(head.get(keys["aliases"]))
    named = next((alias for alias in aliases if alias.startswith("@")), "")
    return replace(facts, aliases=aliases, citekey=dialects.citekey_of(first("citekey") or named), doi=first("doi"))


def _signs(head: FrontMatter, rules: NoteRules, facts: Facts) -> Facts:
    """With what the head of a person's own note says of which paper it is about (R26, R28)."""
    text = head.parts.head
    return replace(
        facts,
        named=dialects.named_items(head, rules.names[KEY], rules.names[LIBRARY]),
        linked=dialects.linked_items(text),
        citekey=facts.citekey or dialects.linked_citekey(text),
    )


def _told(head: FrontMatter, facts: Facts) -> Facts:
    """With what the person wrote about the paper, for index notes."""
    found = sections(head.parts.body)
    summary = one_line(" ".join(loose(head.get("summary"))))
    return replace(facts, summary=summary, questions=found.questions, points=found.points, has_notes=found.has_notes)


def _mentions(data: bytes) -> tuple[str, ...]:
    """The citation keys of ``[[@key]]`` links anywhere outside fenced code."""
    if b"[[" not in data or b"@" not in data:
        return ()
    if b"```" in data or b"~~~" in data:
        lines = data.decode(errors="replace").split("\n")
        data = "\n".join(line for line, is_code in with_code(lines) if not is_code).encode()
    return unique(found.decode(errors="replace").strip() for found in _MENTION.findall(data))


# --- writing ----------------------------------------------------------------------------------------------------


def edit_note(data: bytes, edit: Edit, rules: NoteRules, below: Callable[[str], str] = str) -> bytes:
    """The note's bytes with ``edit`` carried out; ``data`` itself where nothing is to do.

    Changed are: the keys of ``edit.set`` (an empty value takes a key out, but for ``status`` and ``tags``) and the
    stamp; the first heading, if it is still the title of ``edit.before``; the block ``abstract``, if ``edit.set`` says
    that its source changed; and in the body what ``below`` does to it, for what hangs below the paper. A note without
    ``zotero-key`` is bound by its edit (adoption, R28), and so is one that becomes another item's (``edit.was``).

    :raises NoteError: the note cannot be read, is bound to another item, or cannot be changed without touching more.
    """
    head = frontmatter.read(data)
    item, held = _identity(head, "", rules)
    if not edit.at and (held or item not in (None, edit.id, edit.was)):
        raise NoteError("the note is not bound to this item")
    keys = dialects.keys_of(head, rules.names)
    changes: dict[str, frontmatter.Wanted | tuple[str, ...] | frontmatter.Remove] = {}
    for name, value in edit.set.items():
        if name not in rules.names or name in IDENTITY:
            continue  # the source of a block, which stands in the body
        used = keys[name]
        node = head.get(used)
        if node is None or not _reads_as(name, node, value):
            changes[used] = _written(name, value, node, rules)
    if item != edit.id:
        changes |= _bound(edit.id, rules)
    if edit.stamp:
        changes[rules.names[STAMP]] = edit.stamp
    edited = frontmatter.edit(data, changes, tuple(rules.names.values()))
    return _with_body(edited, lambda body: below(_edit_body(body, edit, _title(head, edit, keys))))


def _reads_as(name: str, node: Node, value: Value) -> bool:
    """Whether a key shows ``value`` already, however it is spelled: then its lines stay (law 4)."""
    try:
        return value_of(name, node) == value
    except OddError:
        return False


def _written(
    name: str, value: Value, node: Node | None, rules: NoteRules
) -> frontmatter.Wanted | tuple[str, ...] | frontmatter.Remove:
    """A field's value as front-matter is to show it. Members that stay keep their spelling."""
    if name in LISTS:
        members = (value,) if isinstance(value, str) else value
        members = tuple(text for member in members if (text := frontmatter.one_line(member).strip()))
        if not members and name not in ALWAYS:
            return frontmatter.REMOVE
        spelled = {text: item.text for item in (node.items if node else ()) for text in _spellings(name, item)}
        return tuple(spelled.get(member, member) for member in members)
    text = frontmatter.one_line(value if isinstance(value, str) else ", ".join(value)).strip()
    is_list = rules.names[name] in rules.list_keys or (node is not None and node.kind == "list")
    if not text:
        if name not in ALWAYS:
            return frontmatter.REMOVE
        return () if is_list else None
    if is_list:
        return (text,)
    if name in rules.number_keys and text.isascii() and text.isdecimal() and str(int(text[:16])) == text:
        return int(text)
    return text


def _spellings(name: str, item: Node) -> tuple[str, ...]:
    """What a member of a list reads as."""
    return tags_of(replace(item, kind="list", items=(item,))) if name == "tags" else loose(item)


def _bound(item: ItemId, rules: NoteRules) -> dict[str, str | frontmatter.Remove]:
    """The keys that bind a note to an item."""
    library = frontmatter.REMOVE if item.library == rules.library else item.library
    return {rules.names[LIBRARY]: library, rules.names[KEY]: item.key}


def _title(head: FrontMatter, edit: Edit, keys: Mapping[str, str]) -> Value:
    """The title the note shows after ``edit``, be it Zotero's or the person's own."""
    node = head.get(keys["title"])
    return edit.set.get("title", (*loose(node), "")[0])


def _with_body(data: bytes, change: Callable[[str], str]) -> bytes:
    """The note with ``change`` made in its body; the very same bytes where it changes nothing."""
    parts = frontmatter.split(data)
    body = parts.body.decode()
    changed = change(body)
    return data if changed == body else replace(parts, body=changed.encode()).join()


def _edit_body(body: str, edit: Edit, title: Value) -> str:
    if edit.before.get("title", title) != title:
        old = heading_of(edit.before, edit.id.key)
        new = heading_of({**edit.before, **edit.set, "title": title}, edit.id.key)
        body = _with_heading(body, old, new)
    if "abstract" in edit.set and edit.record is not None:
        text = blocks.abstract_block(edit.record.blocks.get("abstract", ""))
        if text and edit.before.get("abstract") == "":
            body = blocks.insert(body, "abstract", text)
        body = blocks.renew(body, "abstract", text)
    return body


def _with_heading(body: str, old: str, new: str) -> str:
    """The body with its first heading replaced, if that is ``old`` still (R30)."""
    lines = body.split("\n")
    for at, (line, is_code) in enumerate(with_code(lines)):
        if is_code or not line.startswith("# "):
            continue
        shown = line.rstrip()
        if shown == old:
            lines[at] = new + line[len(shown) :]
            return "\n".join(lines)
        break
    return body


def new_note(edit: Edit, rules: NoteRules, body: str) -> bytes:
    """A new note's bytes: the head in canonical order as Obsidian would write it, a blank line, ``body``.

    Its values are those of ``edit.set`` and, for fields not in it, of ``edit.record``. Fields without a value are left
    out, but for ``status`` and ``tags``.
    """
    face: dict[str, Value] = {}
    for name, value in (edit.record.face if edit.record else {}).items():
        is_tags = name in ("tags", "keywords") and not isinstance(value, str)
        face[name] = (
            tuple({tags.key(tag): tags.legal(tag) for tag in reversed(value)}.values())[::-1] if is_tags else value
        )
    face |= edit.set
    face[KEY], face[STAMP] = edit.id.key, edit.stamp
    face[LIBRARY] = "" if edit.id.library == rules.library else edit.id.library
    pairs: list[tuple[str, str | int | tuple[str, ...] | None]] = []
    for name, used in rules.names.items():
        value = face.get(name, "")
        if not value and name not in ALWAYS:
            continue
        written = _written(name, value, None, rules)
        if not isinstance(written, frontmatter.Remove):
            pairs.append((used, written))
    return f"---\n{frontmatter.dump(pairs)}---\n\n{body}".encode()
