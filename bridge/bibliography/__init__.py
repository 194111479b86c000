"""A bibliography beside the notes: one ``.bib`` or CSL JSON file of the papers, kept true for Pandoc and others.

Kept here: law 2 (a file whose text stays is not opened), law 3 (a file that somebody else wrote is never replaced, and
what a person wrote into ours is put aside first), law 13 (only text can come into it). Same papers, same bytes: entries
are ordered by citation key and nothing in them tells the time. :mod:`~bridge.bibliography.bibtex` writes entries,
:mod:`~bridge.bibliography.keeper` brings them to the disk.
"""
