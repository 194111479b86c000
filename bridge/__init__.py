"""Bridge: Zotero and Obsidian kept in step, both ways, without losing a word."""

__version__ = "0.1.0"
