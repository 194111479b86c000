"""Citation keys made by a formula in the everyday form of Better BibTeX (``auth.lower + shorttitle(3,3) + year``).

Pure: a formula is parsed once (:func:`parse`), a paper's facts are taken from its item (:func:`work_of`), and
:class:`Keys` makes keys of them that no other paper bears. What the functions do follows Better BibTeX's documentation,
"Citation keys" and "Formulas" (https://retorque.re/zotero-better-bibtex/citing/), and the examples of its own tests.

R11: a key is one line; R19: who makes many of them, and when, is not decided here.
"""

from bridge.citekeys.facts import Work, work_of
from bridge.citekeys.formula import Formula, parse
from bridge.citekeys.unique import Keys

__all__ = ["Formula", "Keys", "Work", "parse", "work_of"]
