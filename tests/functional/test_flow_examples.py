"""The scripts of the examples, run as they stand: against a private index, and on shared environments."""

import base64
import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import unquote

import pytest
from functional_support import NEW, NUMPY, NUMPY_2, OLD, write_wheel
from packaging.utils import canonicalize_name

EXAMPLES = Path(__file__).parents[2] / "examples"
LOGIN = "ada:lovelace"


class PrivateIndex:
    """A folder of wheels by the simple repository API, for those who log in."""

    def __init__(self, folder):
        refused = self.refused = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.headers.get("Authorization") != f"Basic {base64.b64encode(LOGIN.encode()).decode()}":
                    refused.append(self.path)
                    return self.answer(401, b"", "text/plain")
                name = unquote(self.path).strip("/").split("/")[-1]
                if self.path.endswith(".whl"):
                    return self.answer(200, (folder / name).read_bytes(), "application/octet-stream")
                found = [
                    path.name for path in folder.glob("*.whl") if canonicalize_name(path.name.split("-")[0]) == name
                ]
                page = "".join(f'<a href="/files/{file}">{file}</a>' for file in found)
                return self.answer(200 if found else 404, page.encode(), "text/html")

            def answer(self, code, body, kind):
                self.send_response(code)
                if code == 401:
                    self.send_header("WWW-Authenticate", 'Basic realm="acme"')
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        self.httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.httpd.server_port
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()


@pytest.fixture
def index(world, tmp_path):
    for version in ("3.2.0", "4.0.0"):
        write_wheel(world.index, "acme-models", version, {"acme_models.py": f"__version__ = '{version}'\n"})
    made = PrivateIndex(world.index)
    netrc = tmp_path / "nobody" / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {LOGIN.split(':', maxsplit=1)[0]} password {LOGIN.split(':')[1]}\n")
    netrc.chmod(0o600)
    yield made
    made.httpd.shutdown()
    made.httpd.server_close()


def script(world, name, *arguments, **environ):
    (world.folder.parent / "tfrepair").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tfrepair "$@"\n')
    (world.folder.parent / "tfrepair").chmod(0o755)
    environ = {**os.environ, "TFREPAIR": str(world.folder.parent / "tfrepair"), **environ}
    if "ACME_INDEX" in environ:  # which is the only one then
        del environ["PIP_NO_INDEX"]
    words = ["bash", str(EXAMPLES / name), *map(str, arguments)]
    return subprocess.run(words, env=environ, cwd=world.folder, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not NEW.startswith("2.15."), reason="the stack has TensorFlow 2.15, not made for this Python")
def test_the_company_stack_comes_from_the_private_index_within_the_constraints(world, index):
    env = world.venv(f"numpy=={NUMPY_2}", f"tensorflow=={OLD}")
    done = script(
        world, "company-stack/repair.sh", env, ACME_INDEX=f"http://127.0.0.1:{index.port}/simple", ACME_TENSORFLOW=NEW
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert world.imported(env) == NEW
    assert world.imported(env, "acme_models") == "3.2.0"
    assert world.imported(env, "numpy") == NUMPY
    assert index.refused, "the index was asked without a login first"
    assert "lovelace" not in done.stdout + done.stderr


def test_the_lab_is_reset_and_one_that_cannot_be_keeps_nobody_waiting(world, tmp_path):
    first = world.conflict(name="env-1")
    second = world.folder / "env-2"
    third = world.healthy(name="env-3")
    environ = {"COURSE_TENSORFLOW": NEW, "TFREPAIR_FIND_LINKS": str(world.index)}
    done = script(world, "teaching-lab/reset.sh", first, second, third, **environ)
    lines = [line for line in done.stdout.splitlines() if line.startswith(str(world.folder))]
    assert lines == [
        f"{first}: as the course needs it",
        f"{second}: not reset, exit code 2",
        f"{third}: as the course needs it",
    ], done.stdout + done.stderr
    assert done.returncode == 2
    assert world.imported(first) == NEW
    assert world.imported(first, "numpy") == NUMPY
    assert not (world.folder / ".tfrepair-env-1" / "tree").exists()
