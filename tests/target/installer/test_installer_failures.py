from __future__ import annotations

import pytest

from tfrepair.errors import StepError, SurroundingsError, UnresolvableError
from tfrepair.target.installer.failures import failure
from tfrepair.target.installer.retry import DamagedDownloadError, TransientError
from tfrepair.target.installer.settings import IndexSettings

REFUSED = """error: Request failed after 3 retries in 10.2s
  cause: Failed to fetch: http://127.0.0.1:9/simple/requests/
  cause: error sending request for url (http://127.0.0.1:9/simple/requests/)
  cause: client error (Connect)
  cause: tcp connect error
  cause: Connection refused (os error 111)
"""
UNAVAILABLE = """error: Request failed after 1 retry in 2.0s
  cause: Failed to fetch: https://index.test/simple/demo-a/
  cause: HTTP status server error (503 Service Unavailable) for url (https://index.test/simple/demo-a/)
"""
DNS = """error: Failed to fetch: http://nosuchhost.invalid/simple/requests/
  cause: dns error
  cause: failed to lookup address information: Name or service not known
"""
CUT_SHORT = """error: No solution found when resolving dependencies
  cause: Because all versions of demo-a have an invalid package format, we can conclude that it is unsatisfiable.

hint: The structure of `demo-a` (v2.0) was invalid:
  Failed to read from zip file
"""
PIP_REFUSED = """WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError("HTTPConnection(host='index.test', port=9): Failed to establish a new connection: [Errno 111] Connection refused")': /simple/idna/
ERROR: Could not find a version that satisfies the requirement idna (from versions: none)
ERROR: No matching distribution found for idna
"""
UNAUTHORIZED = """error: No solution found when resolving dependencies
  cause: Because demo-a was not found in the package registry and you require demo-a, we can conclude that ...

hint: An index URL (https://index.test/simple) could not be queried due to a lack of valid authentication credentials (401 Unauthorized)
"""
PIP_WRONG_PASSWORD = """Looking in indexes: https://first.test/simple, http://****@index.test/simple
WARNING: 401 Error, Credentials not correct for http://index.test/simple/demo-a/
ERROR: Could not find a version that satisfies the requirement demo-a (from versions: none)
ERROR: No matching distribution found for demo-a
"""
EXPIRED = """error: Failed to fetch: `https://index.test/simple/demo/`
  cause: error sending request for url (https://index.test/simple/demo/)
  cause: invalid peer certificate: Expired
"""
CLIENT = """error: Failed to fetch: https://index.test/simple/demo-a/
  cause: error sending request for url (https://index.test/simple/demo-a/)
  cause: connection error
  cause: received fatal alert: CertificateRequired
"""
PIP_CLIENT = """Could not fetch URL https://index.test/simple/demo-a/: There was a problem confirming the ssl certificate: [SSL: TLSV13_ALERT_CERTIFICATE_REQUIRED] tlsv13 alert certificate required (_ssl.c:2580) - skipping
ERROR: Could not find a version that satisfies the requirement demo-a (from versions: none)
"""
EXPECTED, GOT = "69" * 32, "38" * 32
HASHES = f"""error: Failed to download `demo-a==2.0`
  cause: Hash mismatch for `demo-a==2.0`

         Expected:
           sha256:{EXPECTED}

         Computed:
           sha256:{GOT}
"""
PIP_HASHES = f"""ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated the package versions, please update the hashes.
    Demo_A==2.0 from http://index.test/files/demo_a-2.0-py3-none-any.whl#sha256={EXPECTED}:
        Expected sha256 {EXPECTED}
             Got        {GOT}
"""
BAD_CRC = """error: No solution found when resolving dependencies
  cause: Because demo-a==2.0 has an invalid package format and you require demo-a==2.0, we can conclude that ...

hint: The structure of `demo-a` (v2.0) was invalid:
  Bad CRC (got 6f05b49b, expected 4b4d3fb0) for file: demo_a-2.0.dist-info/METADATA
"""
BUFFER = BAD_CRC.replace(
    "Bad CRC (got 6f05b49b, expected 4b4d3fb0) for file: demo_a-2.0.dist-info/METADATA", "unexpected BufError"
)
NO_ZIP = """error: Failed to download `demo-a==2.0`
  cause: Failed to extract archive: demo_a-2.0-py3-none-any.whl
  cause: Invalid zip file structure
"""
NO_METADATA = BAD_CRC.replace("Bad CRC (got 6f05b49b, expected 4b4d3fb0) for file:", "Metadata field Name not found in")
STALLED = """error: No solution found when resolving dependencies
  cause: Because demo-a==2.0 has an invalid package format and you require demo-a==2.0, we can conclude that ...

hint: The structure of `demo-a` (v2.0) was invalid:
  Failed to download distribution due to network timeout. Try increasing UV_HTTP_TIMEOUT (current value: 2s).
"""
PIP_STALLED = """error: incomplete-download

\u00d7 Download failed after 6 attempts because not enough bytes were received (0 bytes/3.5 kB)
╰─> URL: http://index.test/files/demo_a-2.0-py3-none-any.whl#sha256=69
"""
PIP_UNAVAILABLE = "ERROR: Could not install packages due to an OSError: HTTPConnectionPool(host='index.test', port=9): Max retries exceeded with url: /files/demo_a-2.0-py3-none-any.whl (Caused by ResponseError('too many 503 error responses'))\n"
MISMATCH = """error: Failed to download `demo-a==2.0`
  cause: Hash mismatch for `demo-a==2.0`
"""
FORBIDDEN = "ERROR: HTTP error 403 while getting https://index.test/files/demo_a-1.0-py3-none-any.whl\n"
INSECURE = """WARNING: The repository located at index.test is not a trusted or secure host and is being ignored. If this repository is available via HTTPS we recommend you use HTTPS instead.
ERROR: Could not find a version that satisfies the requirement demo-a (from versions: none)
"""
CIRCLE = "ERROR: https://index.test/simple/demo-a/: Exceeded 30 redirects.\n"
OLD_STYLE = """  \u00d7 No solution found when resolving dependencies:
  ╰─▶ Because demo-a==1.0 depends on demo-b<1 and you require demo-b>=1, we can
      conclude that your requirements are unsatisfiable.
"""


def told(text, stage="resolve"):
    return failure(text, stage=stage, installer="uv", settings=IndexSettings())


@pytest.mark.parametrize(
    ("text", "host"),
    [(REFUSED, "127.0.0.1:9"), (UNAVAILABLE, "index.test"), (DNS, "nosuchhost.invalid"), (PIP_REFUSED, "index.test:9")],
)
def test_trouble_with_the_network_may_pass_and_names_the_host(text, host):
    error = told(text)
    assert isinstance(error, TransientError)
    assert f"`{host}` does not answer properly" in error.message


def test_the_cause_is_taken_out_of_pips_warning():
    assert told(PIP_REFUSED).message == "`index.test:9` does not answer properly: [Errno 111] Connection refused"


def test_the_cause_is_taken_out_of_pips_exception():
    assert told(PIP_UNAVAILABLE).message == "`index.test:9` does not answer properly: too many 503 error responses"


PIP_PASSED_OVER = """Could not fetch URL http://index.test:9/simple/demo-b/: HTTPConnectionPool(host='index.test', port=9): Max retries exceeded with url: /simple/demo-b/ (Caused by ResponseError('too many 503 error responses')) - skipping
ERROR: Cannot install demo-b because these package versions have conflicting dependencies.
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io
"""


def test_an_index_that_never_answered_is_no_conflict_and_the_page_is_named():
    error = told(PIP_PASSED_OVER)
    assert isinstance(error, TransientError)
    said = "`index.test:9` does not answer properly: too many 503 error responses"
    assert error.message == f"{said} (asked for `http://index.test:9/simple/demo-b/`)"
    assert told(UNAVAILABLE).message.endswith(" (asked for `https://index.test/simple/demo-a/`)")


def test_a_transfer_that_stands_still_may_pass_and_the_only_index_is_named():
    error = failure(
        STALLED, stage="resolve", installer="uv", settings=IndexSettings(index_url="https://joe:pw@i.test/s")
    )
    assert isinstance(error, TransientError)
    assert error.message.startswith("`i.test` does not answer properly: Failed to download distribution due to network")
    error = told(PIP_STALLED)
    assert isinstance(error, TransientError)
    assert error.message.startswith("`index.test` does not answer properly: Download failed after 6 attempts")


@pytest.mark.parametrize("text", [CUT_SHORT, BAD_CRC, BUFFER])
def test_a_wheel_that_came_damaged_is_named(text):
    error = told(text)
    assert isinstance(error, DamagedDownloadError)
    assert error.distribution == "demo-a"
    assert error.message.startswith("The file of `demo-a` from the index is damaged: ")


def test_an_archive_that_cannot_be_read_is_a_damaged_download_and_no_failed_step():
    error = told(NO_ZIP, "install")
    assert isinstance(error, DamagedDownloadError)
    assert (error.exit_code, error.distribution) == (6, "demo-a")


def test_a_wheel_that_was_made_badly_does_not_pass():
    assert isinstance(told(NO_METADATA), UnresolvableError)


@pytest.mark.parametrize("text", [HASHES, PIP_HASHES])
def test_another_file_than_the_locked_one_is_named_with_both_hashes(text):
    error = told(text, "install")
    assert isinstance(error, DamagedDownloadError)
    assert error.distribution == "demo-a"
    assert f"`demo-a` should be sha256:{EXPECTED}, it is sha256:{GOT}" in error.message


def test_without_the_hashes_the_line_is_quoted():
    assert told(MISMATCH, "install").message.endswith("not the one that was locked: Hash mismatch for `demo-a==2.0`")


@pytest.mark.parametrize(
    ("text", "stage", "words"),
    [
        (UNAUTHORIZED, "resolve", "`index.test` asks for credentials"),
        (PIP_WRONG_PASSWORD, "resolve", "`index.test` asks for credentials"),
        (EXPIRED, "resolve", "certificate of `index.test` is not trusted"),
        (CLIENT, "resolve", "`index.test` asks for a certificate of the client"),
        (PIP_CLIENT, "resolve", "`index.test` asks for a certificate of the client"),
        (INSECURE, "resolve", "does not use `index.test`: it is not a trusted or secure host"),
        (FORBIDDEN, "resolve", "`index.test` asks for credentials"),
        (CIRCLE, "resolve", "`index.test` redirects without end: Exceeded 30 redirects"),
        ("error: failed to write\n  cause: No space left on device (os error 28)\n", "install", "no space left"),
        ("error: failed to create directory\n  cause: Permission denied (os error 13)\n", "install", "may not write"),
    ],
)
def test_the_surroundings_are_blamed_and_not_asked_again(text, stage, words):
    error = told(text, stage)
    assert isinstance(error, SurroundingsError)
    assert not isinstance(error, TransientError)
    assert words in error.message


def test_an_explanation_is_freed_of_its_frame():
    error = told(OLD_STYLE)
    assert isinstance(error, UnresolvableError)
    assert error.reason.startswith("Because demo-a==1.0 depends on demo-b<1")


def test_a_build_that_fails_is_a_failed_step_with_its_last_lines():
    error = told("Using Python 3.10\nerror: Failed to build `demo`\n  cause: gcc: not found\n", "install")
    assert isinstance(error, StepError)
    assert error.message == "uv could not install:\n  Failed to build `demo`\n  gcc: not found"


def test_credentials_never_get_into_a_message():
    settings = IndexSettings(index_url="https://joe:hunter2@index.test/simple")
    text = UNAVAILABLE.replace("https://index", "https://joe:hunter2@index")
    error = failure(text, stage="resolve", installer="uv", settings=settings)
    assert "hunter2" not in str(error)


def test_what_was_left_out_of_the_configuration_is_in_the_hint():
    settings = IndexSettings(notes=("the certificate bundle `/nope` does not exist, so it was left out",))
    error = failure(EXPIRED, stage="resolve", installer="uv", settings=settings)
    assert (
        error.hint
        == f"set `cert` in pip's configuration to the certificate bundle of this network; {settings.notes[0]}"
    )


def test_what_pip_reports_on_the_way_is_no_reason():
    error = told(
        "Processing /srv/wheels/absl_py-2.5.0-py3-none-any.whl (from demo-a->-r requirements.in (line 1))\n"
        "INFO: pip is looking at multiple versions of demo-a to determine which version is compatible\n"
        "ERROR: Cannot install demo-a because these package versions have conflicting dependencies.\n"
        "ERROR: ResolutionImpossible: for help visit https://pip.pypa.io\n"
    )
    assert isinstance(error, UnresolvableError)
    assert error.reason.startswith("Cannot install demo-a")


NO_FILES = """error: No solution found when resolving dependencies
  cause: Because there are no
         versions of demo-b and all versions of demo-a depend on demo-b, we can conclude that it is unsatisfiable.
"""
TOO_NEW = "\nhint: `demo-b` was filtered by `exclude-newer` to only include packages uploaded before 2022-01-01\n"


def test_a_page_without_files_means_that_there_is_nothing_to_be_had_unless_it_is_for_the_day():
    assert told(NO_FILES).missing == {"demo-b"}
    assert told(NO_FILES + TOO_NEW).missing == frozenset()
