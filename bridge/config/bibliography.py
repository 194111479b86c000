"""``[bibliography]``: a file of all papers for Pandoc, LaTeX and others."""

from __future__ import annotations

from pathlib import PurePosixPath

from pydantic import field_validator

from bridge.config.parts import Section, folder_in_vault

_ENDINGS = (".bib", ".json")


class BibliographyConfig(Section):
    """``path``: the file, inside the vault; ``.bib`` is BibLaTeX, ``.json`` CSL JSON; empty for none."""

    path: str = ""

    @field_validator("path")
    @classmethod
    def _names_a_file(cls, text: str) -> str:
        if not text:
            return text
        text = folder_in_vault(text)
        if PurePosixPath(text).suffix.lower() not in _ENDINGS:
            raise ValueError('name a file that ends in .bib (BibLaTeX) or .json (CSL JSON), such as "references.bib"')
        return text
