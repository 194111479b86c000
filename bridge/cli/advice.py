"""What to do about it, by the class of the error: the one place where people are told.

The message of an error says what happened and where; the advice says what to do next, with a command where there is
one. What to do about something held is in :mod:`bridge.remedies`, for it is said in a note as well.
"""

from __future__ import annotations

from bridge import errors as e
from bridge.keys import MissingKeyError, UnapprovedServerError

_WEB_KEYS = "https://www.zotero.org/settings/keys"

# The nearest class in the error's own line of descent is the one that counts.
_ADVICE: dict[type[e.BridgeError], str] = {
    e.ConfigError: "Mend it in an editor, then run bridge doctor.",
    e.NotAVaultError: (
        "Name the vault with -C DIR, set one up with bridge init VAULT, or try bridge demo in an empty folder."
    ),
    e.VaultMarkerError: (
        "If the vault is on a disk or cloud drive that is not there right now, bring it back and try again. "
        "If it was restored without its .bridge folder, run bridge init on it: notes are found again by zotero-key."
    ),
    e.VaultAwayError: (
        "Mount its disk, or bring its folder back. A daemon begins by itself when it is there. "
        "If the vault has moved, name its new place with -C DIR."
    ),
    e.VaultBusyError: "Wait until it is done, then try again.",
    e.VaultOwnedError: (
        "One machine at a time writes a vault. If this one should from now on, run bridge sync --once --take-over."
    ),
    e.VaultError: "See whether the disk is full and the folder may be written; bridge doctor checks both.",
    e.NoteError: "Mend the note in an editor; bridge status lists what is held.",
    e.BackOffError: "Zotero asked for a pause. Nothing is lost; run the command again later.",
    e.AmbiguousWriteError: "Run the command again: it looks what arrived before it writes anything.",
    e.UnreachableError: "Nothing is lost. See whether you are online, then run the command again.",
    e.ForbiddenError: (
        f"See your keys at {_WEB_KEYS}. Give this vault the right one by running bridge init on it again, "
        "or in ZOTERO_API_KEY."
    ),
    UnapprovedServerError: (
        "If you know this server, approve it: bridge init VAULT --url ADDRESS. "
        "If you do not, somebody else changed the vault's configuration."
    ),
    MissingKeyError: (f"Run bridge init VAULT to store one, or set ZOTERO_API_KEY. Keys are made at {_WEB_KEYS}."),
    e.NotFoundError: "See whether .bridge/config.toml names the right library (users/<number> or groups/<number>).",
    e.StaleError: "Run the command again: something changed in Zotero meanwhile.",
    e.ProtocolError: "See whether the url in .bridge/config.toml is a Zotero server; if it is, please report this.",
    e.LibraryChangedError: "See whether the url and the library in .bridge/config.toml are right before you go on.",
    e.ZoteroError: "Run bridge doctor.",
    e.StateError: (
        "Run bridge doctor. If the file is damaged, move it away: the next sync finds the notes again by zotero-key."
    ),
    e.GuardStop: (
        "Nothing was written. bridge sync --once --dry-run --yes shows every change; "
        "if that is what you want, run bridge sync --once --yes."
    ),
    e.StoppedError: "The daemon was just ending. Run the command again.",
    e.ServiceError: "bridge daemon status says how it is; bridge sync in a terminal does the same and says why not.",
    e.UnknownPaperError: (
        "Name it by its item key, the last part of zotero-link, with --library where the same key is in two."
    ),
    e.RestoreError: (
        "Nothing was changed. A paper that is taken out of Zotero's trash has its note back with the next sync; "
        "one that was erased keeps the note it had."
    ),
    e.OutdatedAnswerError: "Look again with bridge conflicts, then answer what is there now.",
    e.BridgeError: "Run bridge doctor.",
}


#: By the code of a check of ``bridge doctor``, or of what a daemon says of itself.
_BY_CODE = {
    "other-owner": "To sync from this machine instead, run bridge sync --once --take-over.",
    "copied": "It gets an id of its own with its first sync; delete one of the two folders if that is not meant.",
    "read-only": "Give yourself the right to write there.",
    "disk-full": "Make room on this disk.",
    "waiting": "See bridge conflicts and bridge status.",
    "same-citekey": (
        "Links and citations by such a key may mean either paper. bridge status lists them; give all but one another "
        "key, in its note, in Zotero or with bridge rename."
    ),
    "property-types": (
        "Change the type in Obsidian (All properties), or call the key differently under [keys] in .bridge/config.toml."
    ),
    "away": "Have the cloud drive keep them on this machine; until then they are left alone.",
    "blind": "Give yourself the right to read them; until then notes there count as present.",
    "flipping-keys": (
        "Most likely Better BibTeX makes it anew in Zotero, here or on another computer: pin the key there, or give "
        "every computer the same formula. Bridge itself never changes a key that is there."
    ),
    "plain-http": "Anyone on the way can read the key; use https if the server has it.",
    "no-access": "Give the key access to this library at https://www.zotero.org/settings/keys.",
    "no-write": "Edits in notes wait until the key may write: https://www.zotero.org/settings/keys.",
    "no-notes": "To have those too, allow the key notes access at https://www.zotero.org/settings/keys.",
    "no-extra": (
        "To hear of changes at once, install the package websockets beside Bridge (its extra `stream`) and start the "
        "daemon again; push = false under [daemon] in .bridge/config.toml ends this advice."
    ),
}


def for_code(code: str) -> str:
    """What to do about something that is no error; empty where nothing is to be done."""
    return _BY_CODE.get(code, "")


def for_error(error: e.BridgeError, verb: str = "") -> str:
    """What to do about an error that ``bridge <verb>`` met."""
    if isinstance(error, e.UsageError):
        return f"See bridge {verb} --help." if verb else "See bridge --help."
    return next(_ADVICE[kind] for kind in type(error).__mro__ if kind in _ADVICE)
