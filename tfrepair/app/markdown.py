"""Texts of ours and of others in Markdown."""

from __future__ import annotations


def sentence(text: str) -> str:
    """A text on one line that is no HTML; what stands between single backticks is code and stays as it is."""
    parts = " ".join(text.split()).split("`")
    last = 0 if "``" in text else len(parts) - 1
    return "`".join(
        part if number % 2 and number < last else part.replace("<", "&lt;") for number, part in enumerate(parts)
    )


def cell(text: str) -> str:
    """The same within a table."""
    return sentence(text).replace("|", "\\|")
