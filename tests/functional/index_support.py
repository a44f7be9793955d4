"""Index servers on this machine: a real one with a password, and one that misbehaves as it is told."""

import base64
import contextlib
import hashlib
import http.server
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

USER, PASSWORD = "joe", "s3cr3t-pa55"
"""Nothing of the password is changed by the quoting of URLs, so that a search finds it wherever it is."""


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def pypiserver(wheels, folder):
    """A real index server that asks for a user and a password for everything; yields `host:port`."""
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode()
    passwords = folder / "htpasswd"
    passwords.write_text(f"{USER}:{{SHA}}{digest}\n")
    place = f"127.0.0.1:{free_port()}"
    host, _, port = place.partition(":")
    log = folder / "server.log"
    with log.open("w") as stream:
        server = subprocess.Popen(
            [
                sys.executable, "-m", "pypiserver", "run", "-v", "-i", host, "-p", port, "--disable-fallback",
                "-a", "list,download,update", "-P", str(passwords), str(wheels),
            ],
            stdout=stream, stderr=stream, cwd=folder,
        )  # fmt: skip
    try:
        wait_for(place, server, log)
        yield place
    finally:
        server.terminate()
        server.wait(30)


def wait_for(place, server, log):
    """Until the server answers: it must refuse who does not say who it is."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(f"http://{place}/simple/", timeout=5)
        except urllib.error.HTTPError as error:
            assert error.code == 401  # noqa: PT017
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@dataclass
class Index:
    """An index that serves a folder of wheels, and does as `faults` say to the paths that end so."""

    folder: Path
    faults: dict = field(default_factory=dict)
    """End of a path -> a function of the handler and the body; false when it answered in its own way."""
    seen: list = field(default_factory=list)
    """Paths that were asked for, with the headers."""
    ended: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    scheme: str = "http"

    @property
    def place(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"{self.scheme}://{self.place}/simple/"

    def asked(self, end):
        """How often a path that ends so was asked for."""
        return sum(path.endswith(end) for path, _ in self.seen)

    def body(self, path):
        *_, kind, name = ["", "", *path.strip("/").split("/")]
        if kind == "files":
            file = self.folder / name
            return file.read_bytes() if file.is_file() else None
        found = sorted(self.folder.glob(f"{name.replace('-', '_')}-*.*"))
        links = (
            f'<a href="/files/{item.name}#sha256={hashlib.sha256(item.read_bytes()).hexdigest()}">{item.name}</a>\n'
            for item in found
        )
        return f"<!DOCTYPE html><html><body>\n{''.join(links)}</body></html>\n".encode() if found else None


class Handler(http.server.BaseHTTPRequestHandler):
    index = None

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path  # as a proxy it is asked for whole URLs
        self.index.seen.append((self.path, dict(self.headers)))
        body = self.index.body(path)
        for end, fault in self.index.faults.items():
            if path.endswith(end):
                body = fault(self, body)
                if body is False:
                    return
        kept = {"Cache_Control": "max-age=3600"} if path.startswith("/files/") else {}
        self.answer(200 if body is not None else 404, body or b"", **kept)

    do_HEAD = do_GET  # noqa: N815

    def answer(self, status, body=b"", *, length=None, **headers):
        kind = "text/html" if body.startswith(b"<!DOCTYPE") else "application/octet-stream"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            with contextlib.suppress(OSError):
                self.wfile.write(body)
                self.wfile.flush()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def finish_request(self, request, client_address):
        """With TLS, a client that is turned away reads why before the connection ends."""
        if isinstance(request, ssl.SSLSocket):
            try:
                request.do_handshake()
            except OSError:
                drain(request)
                return
        super().finish_request(request, client_address)

    def handle_error(self, *_):
        """Who hangs up is no news."""


def drain(request):
    """Read what still comes: closing a socket with unread input would take back what was sent last."""
    with contextlib.suppress(OSError), socket.socket(fileno=request.detach()) as plain:
        plain.settimeout(2)
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(4096):
            pass


@contextlib.contextmanager
def serving(index, context=None):
    """The index on a port of its own, with TLS where a context is given."""
    handler = type("Bound", (Handler,), {"index": index})
    with Server(("127.0.0.1", 0), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            index.scheme = "https"
        index.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield index
        finally:
            index.ended.set()
            server.shutdown()
            thread.join()


def times(number, fault):
    """The fault for the first so many requests; then it is over."""
    left = [number]

    def once(handler, body):
        if left[0] <= 0:
            return body
        left[0] -= 1
        return fault(handler, body)

    return once


def unavailable(handler, _body):
    handler.answer(503, b"come back later")
    return False


def login(handler, _body):
    """A page for people, in the place of whatever was asked for."""
    page = "<title>Sign in</title></head><body><form action='/login'><a href='/help'>Help</a></form>"
    handler.answer(200, f"<!DOCTYPE html><html><head>{page}</body></html>".encode())
    return False


def absent(handler, _body):
    handler.answer(404)
    return False


def stalled(handler, body):
    """Half of it, and then silence until the test is over."""
    handler.answer(200, body[: len(body) // 2], length=len(body))
    handler.index.ended.wait(120)
    handler.close_connection = True
    return False


def hung_up(handler, body):
    """Half of it, and the connection is closed."""
    handler.answer(200, body[: len(body) // 2], length=len(body))
    handler.close_connection = True
    return False


def cut_short(_handler, body):
    """A file that is only half there, served as if it were whole."""
    return body[: len(body) // 2]


def another(_handler, body):
    """A sound file that is not the one which the index promises: it has a comment."""
    comment = b"made elsewhere"
    return body[:-2] + len(comment).to_bytes(2, "little") + comment


def tls(authority, *, client=False, **more):
    """A server's side of TLS, with a certificate of this authority; `client` asks for one of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", **more).configure_cert(context)
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        authority.configure_trust(context)
    return context


def pip_conf(path, **values):
    """pip's configuration of one level."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (f"{name.replace('_', '-')} = {value}" for name, value in values.items())
    path.write_text("\n".join(["[global]", *lines]) + "\n")
    return path
