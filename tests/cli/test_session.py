"""Options that come from the environment."""

import pytest

from tfrepair.cli.session import listed


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        ("numpy-abi", ["numpy-abi"]),
        ("numpy-abi:no-avx", ["numpy-abi", "no-avx"]),
        ("/a/b.yaml:/c", ["/a/b.yaml", "/c"]),
        ("https://host/simple", ["https://host/simple"]),
        ("https://host:8080/simple:http://other/simple", ["https://host:8080/simple", "http://other/simple"]),
        ("file:///a:/b", ["file:///a", "/b"]),
    ],
)
def test_lists_are_separated_as_path_is_and_urls_stay_whole(monkeypatch, text, parts):
    monkeypatch.setenv("TFREPAIR_LIST", text)
    assert listed(None, "TFREPAIR_LIST") == parts
    assert listed(["given"], "TFREPAIR_LIST") == ["given"]
