"""Nothing of who and where leaves a report; what explains a failure stays."""

import pytest

from tfrepair.model.facts import Absent, Fact, Facts, Known, Unknown
from tfrepair.reason.redact import Identity, redacted

ADA = Identity(home="/home/ada", user="ada", host="lovelace.example.org")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("https://ada:s3cret-word@index.example/simple", "s3cret-word"),
        ("https://s3cret-word@index.example/simple", "s3cret-word"),
        ("https://index.example/simple?token=s3cret-word&x=1", "s3cret-word"),
        ("https://x.example/f?X-Amz-Signature=s3cretword", "s3cretword"),
        ("PIP_PASSWORD=s3cret-word", "s3cret-word"),
        ('{"api_key": "s3cret-word"}', "s3cret-word"),
        ("http://bob:p@ssBeta@index.example.org/simple", "ssBeta"),
        ("http://bob:S3cret/Slash@127.0.0.1:8731/simple", "S3cret"),
        ("http://bob:S3cretAlpha#x@index.example.org/simple", "Alpha"),
        ("http://bob:80gates@index.example.org/simple", "gates"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("cloned with ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abc"),
        ("hf_abcdefghijklmnopqrstuvwxyz012345", "hf_abc"),
        ("/home/ada/env/bin/python", "ada"),
        ("/home/charles/env/bin/python", "charles"),
        (r"C:\Users\Charles\env\python.exe", "Charles"),
        (r"C:\Users\Charles Babbage\env\python.exe", "Babbage"),
        ("PATH=/mnt/c/Users/Charles Babbage/bin:/usr/bin", "Babbage"),
        (r"'C:\\Users\\Charles\\env'", "Charles"),
        ("ADA@lovelace: no", "ADA"),
        ("on lovelace.example.org it fails", "lovelace"),
    ],
)
def test_a_secret_or_a_name_goes(text, secret):
    assert secret not in ADA.hidden_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "ImportError: /usr/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.29' not found",
        "Metadata adaptive Adam",
        "tensorflow 2.15.1 requires numpy<2.0.0,>=1.23.5",
        "sha256=cba22b6d9a3e7a92c07e142bd5256c9773fd20c18090cb1d222357d3b3028655",
        "/usr/lib/python3.10/site-packages/tokenizers/__init__.py",
        r"C:\Users\Public\x",
        "git+https://git.example.org/team/models@v1.2",
        "http://index.example.org:8080/team/@scope/models",
    ],
)
def test_what_explains_a_failure_stays(text):
    assert ADA.hidden_in(text) == text


def test_the_home_folder_is_a_tilde():
    assert ADA.hidden_in("/home/ada/env:/home/adam/env") == "~/env:/home/USER/env"


def test_names_that_are_words_stay():
    assert Identity(home="/root", user="root", host="localhost").hidden_in("root of localhost") == "root of localhost"


def test_every_value_of_the_facts_is_looked_at():
    facts = Facts.of(
        [
            Fact(path="a.list", state=Known([{"path": "/home/ada/x", "n": 1}, True, None]), source="s"),
            Fact(path="a.environment", state=Known({"HTTP_TOKEN": "plain"}), source="s"),
            Fact(path="a.unknown", state=Unknown("ada may not read it"), source="s"),
            Fact(path="a.absent", state=Absent(), source="s"),
        ]
    )
    found = redacted(facts, ADA)
    assert found.value("a.list") == [{"path": "~/x", "n": 1}, True, None]
    assert found.value("a.environment") == {"HTTP_TOKEN": "***"}
    assert found.get("a.unknown") == Unknown("USER may not read it")
    assert found.get("a.absent") == Absent()
