from __future__ import annotations

import base64
import hashlib
import http.server
import json
import os
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from tfrepair.target.installer.uv_child import find_uv
from tfrepair.target.interpreter import run


def build_wheel(folder: Path, name: str, version: str, requires=(), body="x = 1\n") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    headers = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{module}/__init__.py": body,
        f"{info}/METADATA": headers + "".join(f"Requires-Dist: {item}\n" for item in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }

    def digest(text: str) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()

    record = "".join(f"{path},sha256={digest(text)},{len(text)}\n" for path, text in files.items())
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for item, text in files.items():
            archive.writestr(item, text)
    return path


def build_index(root: Path, wheels: Path) -> str:
    for wheel in sorted(wheels.glob("*.whl")):
        page = root / wheel.name.split("-")[0].replace("_", "-") / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        with page.open("a") as stream:
            stream.write(f'<a href="{wheel.as_uri()}#sha256={digest}">{wheel.name}</a>\n')
    return root.as_uri()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    build_wheel(folder, "demo-a", "1.0", ["demo-b>=1"])
    build_wheel(folder, "demo-a", "2.0", ["demo-b>=1"])
    build_wheel(folder, "demo-b", "1.0")
    build_wheel(folder, "demo-b", "1.1")
    build_wheel(folder, "demo-c", "1.0", ["demo-b<1.1"])
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def environ(tmp_path, cache):
    home = tmp_path / "home"
    home.mkdir()
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "UV_CACHE_DIR": str(cache / "uv"),
        "PIP_CACHE_DIR": str(cache / "pip"),
        "UV_HTTP_RETRIES": "0",
    }


@pytest.fixture
def venv(tmp_path, environ):
    folder = tmp_path / "venv"
    done = run([find_uv(), "venv", "--no-config", "--python", sys.executable, str(folder)], env=environ)
    assert done.ok, done.stderr
    return Venv(folder)


class Venv:
    def __init__(self, folder: Path) -> None:
        self.python = str(
            next(item for item in (folder / "bin/python", folder / "Scripts/python.exe") if item.exists())
        )
        self.site = next(iter(folder.glob("[Ll]ib/python*/site-packages")), folder / "Lib" / "site-packages")

    def versions(self) -> dict[str, str]:
        found = (item.name.removesuffix(".dist-info").split("-", 1) for item in self.site.glob("*.dist-info"))
        return {name.replace("_", "-"): version for name, version in found}


@pytest.fixture
def asked():
    """The paths that an index was asked for."""
    return []


@pytest.fixture
def dated_index(wheels, asked):
    """A real index on this machine that says when files were uploaded: `1.*` in 2022, `2.*` in 2024."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            *_, kind, name = ["", *self.path.strip("/").split("/")]
            body = (wheels / name).read_bytes() if kind == "files" else self.page(name)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def page(self, name: str) -> bytes:
            found = sorted(wheels.glob(f"{name.replace('-', '_')}-*.whl"))
            files = [
                {
                    "filename": item.name,
                    "url": f"/files/{item.name}",
                    "hashes": {"sha256": hashlib.sha256(item.read_bytes()).hexdigest()},
                    "upload-time": f"202{2 if '-1.' in item.name else 4}-01-01T00:00:00.000000Z",
                }
                for item in found
            ]
            document = {"meta": {"api-version": "1.1"}, "name": name, "files": files}
            return json.dumps(document).encode() if files else b""

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()
        thread.join()


@pytest.fixture
def private_index(wheels):
    """A real index on this machine that wants a user and a password."""
    expected = "Basic " + base64.b64encode(b"joe:s3cr3t").decode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != expected:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="test"')
                self.end_headers()
                return
            *_, kind, name = ["", *self.path.strip("/").split("/")]
            body = (wheels / name).read_bytes() if kind == "files" else self.page(name)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/octet-stream" if kind == "files" else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815

        def page(self, name: str) -> bytes:
            found = [item.name for item in wheels.glob(f"{name.replace('-', '_')}-*.whl")]
            return "".join(f'<a href="/files/{item}">{item}</a>\n' for item in found).encode()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def index_of(tmp_path):
    return lambda folder: build_index(tmp_path / "simple", folder)


@pytest.fixture
def make_wheel():
    return build_wheel
