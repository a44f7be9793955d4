"""Where the credentials stand in a URL, also where its password has not been percent-encoded as it should be."""

from __future__ import annotations

import re

LOGIN = re.compile(
    r"(?<=://)(?:[^/\s@:'\"<>]{0,200}:(?!\d{1,5}(?:[/?\s]|$)|/)[^\s'\"<>]{1,500}@"
    r"|[^/\s@'\"<>]{1,500}@)"
)
"""Name and password with the `@` after them: a password may hold `@`, `/` and `#`. `:` and a port are none."""
