"""The app's web build at ``/``: files from memory, compressed beforehand, for whatever address no route has.

It answers from the handler of Sanic's NotFound, so that the API's own routes never wait for it and an address below
``/api`` stays a problem.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sanic import Request, Sanic
from sanic.exceptions import NotFound

from api.docs import HTML, page
from api.hygiene import allow_style
from api.problems import RouteNotFound, problem
from api.replies import Reply, has_already, raw
from api.routes import let_go
from engine.settings import Settings

BESIDE = Path(__file__).parent.parent / "mobile" / "dist"
"""Where ``make web`` puts it."""

ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""The best first; made by mobile/scripts/web.mjs."""

HASHED = re.compile(r"[.-][0-9a-f]{16,}\b")
"""In the name of a file whose content never changes under that name."""
FOR_EVER = "public, max-age=31536000, immutable"
ASK_FIRST = "no-cache"

allow_style("")  # React Native for the web fills a style sheet that begins empty, rule by rule.

NOT_BUILT = page(
    "The app",
    "<h1>The app is not built here</h1><p>With Node 20 or newer, <code>make web</code> builds it in a minute; then "
    'load this page again.</p><p>The API is here all the same: <a href="/docs">see what it can do</a>.</p>',
)


@dataclass(frozen=True, slots=True)
class File:
    """One file, as it is sent in each encoding that was made of it."""

    bodies: dict[str, bytes]
    """By content encoding; ``identity`` is always there."""
    content_type: str
    cache_control: str
    etag: str


@dataclass(slots=True)
class Site:
    """The build in a folder; read anew when its page has changed, for ``make web`` may run beside the server."""

    folder: Path
    files: dict[str, File] = field(default_factory=dict)
    """By path, with the slash in front."""
    stamp: int | None = None

    def find(self, path: str) -> File | None:
        return self.current().get(path)

    @property
    def index(self) -> File | None:
        return self.current().get("/index.html")

    def current(self) -> dict[str, File]:
        try:
            stamp = (self.folder / "index.html").stat().st_mtime_ns
        except OSError:
            stamp = None
        if stamp != self.stamp:
            self.files = _read(self.folder) if stamp is not None else {}
            self.stamp = stamp
        return self.files


def _read(folder: Path) -> dict[str, File]:
    suffixes = tuple(suffix for _, suffix in ENCODINGS)
    found: dict[str, File] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.endswith(suffixes) and not path.name.startswith("."):
            found["/" + path.relative_to(folder).as_posix()] = _file(path)
    return found


def _file(path: Path) -> File:
    bodies = {"identity": path.read_bytes()}
    for encoding, suffix in ENCODINGS:
        packed = path.with_name(path.name + suffix)
        if packed.is_file():
            bodies[encoding] = packed.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    content_type = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
    etag = f'W/"{blake2b(bodies["identity"], digest_size=12).hexdigest()}"'
    return File(bodies, content_type, FOR_EVER if HASHED.search(path.name) else ASK_FIRST, etag)


def accepted(header: str) -> set[str]:
    """The content encodings that an Accept-Encoding allows (RFC 9110, 12.5.3); ``*`` is not looked at."""
    allowed = set()
    for item in header.lower().split(","):
        name, _, parameters = item.partition(";")
        if not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", parameters):
            allowed.add(name.strip())
    return allowed


def send(request: Request, file: File) -> Reply:
    headers = {
        "cache_control": file.cache_control,
        "etag": file.etag,
        "vary": "Accept-Encoding",
    }
    if has_already(request, file.etag):
        # With the headers of the whole answer: a browser puts these in the place of those it has kept.
        return raw(request, b"", 304, file.content_type, **headers)
    allowed = accepted(request.headers.get("accept-encoding", ""))
    for encoding, _ in ENCODINGS:
        if encoding in allowed and encoding in file.bodies:
            return raw(request, file.bodies[encoding], 200, file.content_type, content_encoding=encoding, **headers)
    return raw(request, file.bodies["identity"], 200, file.content_type, **headers)


def answer(request: Request, site: Site) -> Reply | None:
    """The file at an address, or the app's page for an address that the app itself knows what to do with."""
    if request.method not in ("GET", "HEAD") or request.path == "/api" or request.path.startswith("/api/"):
        return None
    if request.path != "/":
        if file := site.find(request.path):
            return send(request, file)
        if "text/html" not in request.headers.get("accept", "") or "." in request.path.rpartition("/")[2]:
            return None
    if index := site.index:
        return send(request, index)
    return raw(request, NOT_BUILT, 404, HTML) if "text/html" in request.headers.get("accept", "") else None


def install(app: Sanic[Any, Any], settings: Settings) -> None:
    site = Site(settings.web_dir or BESIDE)

    @app.exception(NotFound)
    async def on_unknown(request: Request, error: NotFound) -> Reply:
        let_go(request)
        return answer(request, site) or problem(request, RouteNotFound())
