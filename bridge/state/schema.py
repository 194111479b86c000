"""The tables, and how an older file becomes a present one."""

from __future__ import annotations

import json
import sqlite3

from bridge.core.names import EXTENSION, folded
from bridge.errors import StateError
from bridge.state.kin import doi, relations

#: Each entry brings the file from version n to n + 1; a released entry is never edited.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE libraries (
        name TEXT PRIMARY KEY, cursor INTEGER NOT NULL, tree TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
    -- json: the object as the server sent it. pending: not yet reconciled (R3). gone: erased on the server's word.
    CREATE TABLE items (
        library TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, json TEXT NOT NULL,
        paper INTEGER NOT NULL, parent TEXT, trashed INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0,
        pending INTEGER NOT NULL, citekey TEXT NOT NULL DEFAULT '',
        PRIMARY KEY (library, key));
    CREATE INDEX items_pending ON items (library, key) WHERE pending;
    CREATE INDEX items_citekey ON items (citekey) WHERE citekey <> '';
    CREATE INDEX items_parent ON items (library, parent) WHERE parent IS NOT NULL;
    -- One row a Markdown file. copy: a second note of an item, held and not its note (R8).
    CREATE TABLE notes (
        path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL,
        digest TEXT NOT NULL, library TEXT, key TEXT, stamp TEXT NOT NULL, face TEXT NOT NULL,
        facts TEXT NOT NULL, held TEXT NOT NULL, copy INTEGER NOT NULL, pending INTEGER NOT NULL);
    CREATE INDEX notes_item ON notes (library, key) WHERE key IS NOT NULL;
    CREATE INDEX notes_pending ON notes (path) WHERE pending;
    CREATE INDEX notes_held ON notes (path) WHERE held <> '[]';
    -- Every agreement whose stamp a note may still bear (R1), with both faces (R2).
    CREATE TABLE agreements (
        number INTEGER PRIMARY KEY, library TEXT NOT NULL, key TEXT NOT NULL, stamp TEXT NOT NULL,
        zotero TEXT NOT NULL, vault TEXT NOT NULL, given TEXT NOT NULL);
    CREATE INDEX agreements_stamp ON agreements (library, key, stamp);
    -- The base of an item is one of its agreements. absent: its note was deleted, the base is kept (R38).
    CREATE TABLE bases (
        library TEXT NOT NULL, key TEXT NOT NULL, agreement INTEGER NOT NULL REFERENCES agreements (number),
        absent INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (library, key)) WITHOUT ROWID;
    -- What was about to be written to Zotero (R4); one row for each try that nobody knows the end of.
    CREATE TABLE intents (
        library TEXT NOT NULL, key TEXT NOT NULL, agreement INTEGER NOT NULL REFERENCES agreements (number),
        PRIMARY KEY (library, key, agreement)) WITHOUT ROWID;
    CREATE TABLE conflicts (
        number INTEGER PRIMARY KEY AUTOINCREMENT, library TEXT NOT NULL, key TEXT NOT NULL, field TEXT NOT NULL,
        zotero TEXT NOT NULL, vault TEXT NOT NULL, opened TEXT NOT NULL, answer TEXT NOT NULL DEFAULT '',
        ended TEXT NOT NULL DEFAULT '');
    CREATE UNIQUE INDEX conflicts_open ON conflicts (library, key, field) WHERE ended = '';
    CREATE TABLE held (
        library TEXT NOT NULL, key TEXT NOT NULL, field TEXT NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL,
        path TEXT NOT NULL, PRIMARY KEY (library, key, code, field, reason)) WITHOUT ROWID;
    CREATE TABLE put_backs (
        library TEXT NOT NULL, key TEXT NOT NULL, field TEXT NOT NULL, times INTEGER NOT NULL,
        PRIMARY KEY (library, key, field)) WITHOUT ROWID;
    CREATE TABLE cycles (
        number INTEGER PRIMARY KEY AUTOINCREMENT, started TEXT NOT NULL, seconds REAL NOT NULL DEFAULT 0,
        summary TEXT NOT NULL DEFAULT '{}');
    CREATE TABLE changes (
        cycle INTEGER NOT NULL REFERENCES cycles (number), side TEXT NOT NULL, library TEXT NOT NULL, key TEXT NOT NULL,
        path TEXT NOT NULL, title TEXT NOT NULL, field TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL,
        why TEXT NOT NULL);
    CREATE INDEX changes_cycle ON changes (cycle);
    CREATE INDEX changes_item ON changes (library, key);
    """,
    """
    -- Papers as index notes show them, and where each is entered (bridge.indexes.entries).
    CREATE TABLE papers (
        library TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (library, key)) WITHOUT ROWID;
    CREATE TABLE entries (
        kind TEXT NOT NULL, name TEXT NOT NULL, sort TEXT NOT NULL, library TEXT NOT NULL, key TEXT NOT NULL,
        PRIMARY KEY (library, key, kind, name)) WITHOUT ROWID;
    CREATE INDEX entries_name ON entries (kind, name, sort);
    -- The index notes as they were last written, one row a file; text is that of the managed block.
    CREATE TABLE pages (
        path TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, own INTEGER NOT NULL, text TEXT NOT NULL
        ) WITHOUT ROWID;
    -- What index notes have not taken in yet: papers, and ('', '') for the names and hosts in the vault. Triggers fill
    -- it, so that nothing that changes an item or a note can forget to (WHERE NOT EXISTS and not OR IGNORE: inside a
    -- trigger the outer statement's conflict clause would win).
    CREATE TABLE index_due (library TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (library, key)) WITHOUT ROWID;
    CREATE TRIGGER item_new AFTER INSERT ON items WHEN NEW.paper
        BEGIN INSERT INTO index_due SELECT NEW.library, NEW.key WHERE NOT EXISTS (
            SELECT 1 FROM index_due WHERE library = NEW.library AND key = NEW.key); END;
    CREATE TRIGGER item_changed AFTER UPDATE OF json, gone, pending ON items WHEN NEW.paper AND (
        NEW.json <> OLD.json OR NEW.gone <> OLD.gone OR NEW.pending > OLD.pending)
        BEGIN INSERT INTO index_due SELECT NEW.library, NEW.key WHERE NOT EXISTS (
            SELECT 1 FROM index_due WHERE library = NEW.library AND key = NEW.key); END;
    CREATE TRIGGER note_new AFTER INSERT ON notes
        BEGIN INSERT INTO index_due SELECT coalesce(NEW.library, ''), coalesce(NEW.key, '') WHERE NOT EXISTS (
            SELECT 1 FROM index_due WHERE library = coalesce(NEW.library, '') AND key = coalesce(NEW.key, '')); END;
    CREATE TRIGGER note_gone AFTER DELETE ON notes
        BEGIN INSERT INTO index_due SELECT coalesce(OLD.library, ''), coalesce(OLD.key, '') WHERE NOT EXISTS (
            SELECT 1 FROM index_due WHERE library = coalesce(OLD.library, '') AND key = coalesce(OLD.key, '')); END;
    INSERT INTO index_due SELECT library, key FROM items WHERE paper;
    INSERT OR IGNORE INTO index_due VALUES ('', '');
    """,
    """
    -- Base names and aliases of all notes in the form in which they are compared (R27): which names are free is asked
    -- whenever index notes are due, and reading all notes' facts for that would cost more than all the rest (R35).
    CREATE TABLE names (path TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (path, name)) WITHOUT ROWID;
    CREATE INDEX names_name ON names (name);
    CREATE INDEX notes_hosts ON notes (path, facts) WHERE instr(facts, '"hosts"');
    CREATE TRIGGER names_gone AFTER DELETE ON notes BEGIN DELETE FROM names WHERE path = OLD.path; END;
    INSERT INTO names SELECT path, base_name(path) FROM notes
        UNION SELECT notes.path, folded(value) FROM notes, json_each(facts, '$.aliases');
    """,
    """
    -- What each cycle did, so that it can be taken back (bridge.core.deeds): files by path and digest, Zotero objects
    -- by the fields that were sent, as JSON. undoes: the cycle that this one took back. ended_by: the cycle that did.
    CREATE TABLE file_deeds (
        number INTEGER PRIMARY KEY, cycle INTEGER NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, before TEXT NOT NULL,
        after TEXT NOT NULL);
    CREATE INDEX file_deeds_cycle ON file_deeds (cycle);
    CREATE TABLE item_deeds (
        number INTEGER PRIMARY KEY, cycle INTEGER NOT NULL, library TEXT NOT NULL, key TEXT NOT NULL,
        before TEXT NOT NULL, after TEXT NOT NULL);
    CREATE INDEX item_deeds_cycle ON item_deeds (cycle);
    ALTER TABLE cycles ADD COLUMN undoes INTEGER NOT NULL DEFAULT 0;
    CREATE INDEX cycles_undoing ON cycles (number) WHERE undoes <> 0;
    ALTER TABLE conflicts ADD COLUMN ended_by INTEGER NOT NULL DEFAULT 0;
    """,
    """
    -- Whether the last download could see notes (R23). What hangs below papers was stored before it was shown anywhere.
    ALTER TABLE libraries ADD COLUMN notes INTEGER NOT NULL DEFAULT 1;
    UPDATE items SET pending = 1 WHERE paper AND EXISTS (
        SELECT 1 FROM items AS child WHERE child.library = items.library AND child.parent = items.key);
    """,
    """
    -- Which paper replaces which, and which are one work (bridge.state.kin); the other end may be of any library.
    CREATE TABLE relations (
        library TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, to_library TEXT NOT NULL, to_key TEXT NOT NULL,
        PRIMARY KEY (library, key, kind, to_library, to_key)) WITHOUT ROWID;
    CREATE INDEX relations_to ON relations (to_library, to_key);
    INSERT OR IGNORE INTO relations
        SELECT library, items.key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
        FROM items, json_each(relations_of(items.json)) WHERE paper;
    ALTER TABLE items ADD COLUMN doi TEXT NOT NULL DEFAULT '';
    UPDATE items SET doi = doi_of(json) WHERE paper;
    CREATE INDEX items_doi ON items (doi) WHERE doi <> '';
    """,
    """
    -- Managed blocks of papers' notes as they were generated last (R29), compressed; see bridge.state.written.
    CREATE TABLE written (
        library TEXT NOT NULL, key TEXT NOT NULL, block TEXT NOT NULL, text BLOB NOT NULL,
        PRIMARY KEY (library, key, block)) WITHOUT ROWID;
    """,
    """
    -- Citation keys that papers had, whose notes and links have not followed yet (stamp: of an edit that may not have
    -- been written); and the one renaming at work, which a kill may have cut short (bridge.vault.rename).
    CREATE TABLE former_keys (
        library TEXT NOT NULL, key TEXT NOT NULL, citekey TEXT NOT NULL, stem TEXT NOT NULL, stamp TEXT NOT NULL,
        PRIMARY KEY (library, key, citekey)) WITHOUT ROWID;
    CREATE TABLE renaming (one INTEGER PRIMARY KEY CHECK (one = 1), journal TEXT NOT NULL);
    UPDATE notes SET mtime_ns = -1;  -- what each note links to is found when it is read
    """,
    """
    -- What Bridge itself hung below papers (bridge.core.mirror).
    CREATE TABLE mirrors (
        library TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, child TEXT NOT NULL, number INTEGER NOT NULL,
        source TEXT NOT NULL, agreed TEXT NOT NULL, meant TEXT NOT NULL, seen TEXT NOT NULL, version INTEGER NOT NULL,
        released INTEGER NOT NULL, PRIMARY KEY (library, key, kind)) WITHOUT ROWID;
    CREATE INDEX mirrors_child ON mirrors (library, child) WHERE NOT released;
    """,
    """
    -- Papers with a note that are out of scope: their notes stay as they are (R38).
    CREATE TABLE resting (library TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (library, key)) WITHOUT ROWID;
    """,
    """
    -- Notes that Bridge has not written are read again: what they say of papers is now told apart more finely, and what
    -- their properties name holds the paper back as well.
    UPDATE notes SET mtime_ns = -1 WHERE stamp = '';
    """,
    """
    -- The bibliography (bridge.bibliography): entries as they were rendered, and papers whose entry is due. Nothing is
    -- due while no bibliography is kept.
    CREATE TABLE citations (
        library TEXT NOT NULL, key TEXT NOT NULL, citekey TEXT NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (library, key)) WITHOUT ROWID;
    CREATE TABLE citations_due (library TEXT NOT NULL, key TEXT NOT NULL, PRIMARY KEY (library, key)) WITHOUT ROWID;
    CREATE TRIGGER citation_new AFTER INSERT ON items WHEN NEW.paper AND
        EXISTS (SELECT 1 FROM meta WHERE name = 'bibliography' AND value <> '')
        BEGIN INSERT INTO citations_due SELECT NEW.library, NEW.key WHERE NOT EXISTS (
            SELECT 1 FROM citations_due WHERE library = NEW.library AND key = NEW.key); END;
    CREATE TRIGGER citation_changed AFTER UPDATE OF json, gone ON items WHEN (NEW.paper OR OLD.paper) AND (
        NEW.json <> OLD.json OR NEW.gone <> OLD.gone) AND
        EXISTS (SELECT 1 FROM meta WHERE name = 'bibliography' AND value <> '')
        BEGIN INSERT INTO citations_due SELECT NEW.library, NEW.key WHERE NOT EXISTS (
            SELECT 1 FROM citations_due WHERE library = NEW.library AND key = NEW.key); END;
    """,
    """
    -- Papers that a person related to each other stand beside the rest of their kin from now on (bridge.state.kin).
    INSERT OR IGNORE INTO relations
        SELECT library, items.key, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
        FROM items, json_each(relations_of(items.json)) WHERE paper;
    """,
    """
    -- Notes and papers put away because their other half went (bridge.state.away).
    CREATE TABLE away (
        library TEXT NOT NULL, key TEXT NOT NULL, side TEXT NOT NULL, how TEXT NOT NULL, was TEXT NOT NULL,
        now TEXT NOT NULL, done INTEGER NOT NULL, PRIMARY KEY (library, key, side)) WITHOUT ROWID;
    """,
)


def base_name(path: str) -> str:
    """A note's name as links name it, in the form in which names are compared."""
    name = path.rpartition("/")[2]
    return folded(name[: -len(EXTENSION)] if name.lower().endswith(EXTENSION) else name)


def _relations_of(text: str) -> str:
    return json.dumps([(kind, *to) for kind, to in relations(json.loads(text)["data"])])


def migrate(db: sqlite3.Connection) -> None:
    """Bring the tables to the present version, each step in its own transaction.

    :raises StateError: the file was written by a newer Bridge.
    """
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise StateError(
            f"The state was written by a newer Bridge (its version {version}, this one knows {len(MIGRATIONS)})."
        )
    db.create_function("folded", 1, folded)
    db.create_function("base_name", 1, base_name)
    db.create_function("relations_of", 1, _relations_of)
    db.create_function("doi_of", 1, lambda text: doi(json.loads(text)["data"]))
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        db.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
