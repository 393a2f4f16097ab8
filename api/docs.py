"""The OpenAPI document as a page to browse, at ``/docs``; the errors at ``/docs/errors``. Plain HTML: no script, and
nothing fetched from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any

import orjson
from sanic import Request

from api import openapi, problems
from api.access import access_of
from api.hygiene import allow_style
from api.replies import Reply, raw
from api.routes import ROUTES, route
from engine.errors import SlotlineError

HTML = "text/html; charset=utf-8"

STYLE = """
:root{color-scheme:light dark;
--ink:#1b2330;--soft:#5c6675;--line:#dfe3e8;--paper:#fff;--box:#f6f7f9;--accent:#0b6e63}
@media(prefers-color-scheme:dark){:root{
--ink:#e7ebf0;--soft:#9aa5b4;--line:#2c3440;--paper:#12161c;--box:#1a2028;--accent:#4fc3b4}}
*{box-sizing:border-box}body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
main{max-width:56rem;margin:0 auto;padding:2rem 1.25rem 4rem}h1{font-size:1.9rem;margin:0 0 .25rem}
h2{margin:2.5rem 0 .5rem;font-size:1.25rem}p{color:var(--soft);margin:.4rem 0}a{color:var(--accent)}
code{font:14px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
details{border:1px solid var(--line);border-radius:10px;margin:.5rem 0;background:var(--paper)}
summary{padding:.7rem .9rem;cursor:pointer}summary span{color:var(--soft);display:block;padding:.15rem 0 0 1.1rem}
details>div{padding:0 .9rem .9rem;border-top:1px solid var(--line)}
b.m{display:inline-block;min-width:3.4rem;color:var(--accent);font:700 13px ui-monospace,monospace}
table{border-collapse:collapse;width:100%;margin:.5rem 0;font-size:15px}
th{text-align:left;color:var(--soft);font-weight:600}
td,th{padding:.35rem .6rem .35rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td:first-child,td code[id]{white-space:nowrap}
"""
allow_style(STYLE)


def page(title: str, body: str) -> bytes:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · Slotline</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>"
    ).encode()


def prose(text: str) -> str:
    """Text with `code` marked as such."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def kind(schema: dict[str, Any]) -> str:
    """A schema in a few words: its type, choices and bounds."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(kind(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return " · ".join(f"<code>{escape(str(value))}</code>" for value in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(str(schema['const']))}</code>"
    if schema.get("type") == "array":
        return f"list of {kind(schema['items'])}"
    words = [schema.get("format") or schema.get("type") or "any"]
    bounds = {"minimum": "≥", "maximum": "≤", "minLength": "length ≥", "maxLength": "length ≤"}
    words += [f"{sign} {schema[bound]}" for bound, sign in bounds.items() if bound in schema]
    if schema.get("default") not in (None, ""):
        words.append(f"default {escape(str(schema['default']))}")
    return ", ".join(words)


def operation(path: str, method: str, described: dict[str, Any]) -> str:
    parts = []
    if parameters := described["parameters"]:
        rows = (
            (f"<code>{escape(p['name'])}</code>", p["in"], kind(p["schema"]), "required" if p["required"] else "")
            for p in parameters
        )
        parts.append(table(("Parameter", "In", "Type", ""), rows))
    if body := described.get("requestBody"):
        parts.append(f"<p>Body: {kind(body['content']['application/json']['schema'])}</p>")
    answers = []
    for status, answer in described["responses"].items():
        media, content = next(iter(answer.get("content", {"": {}}).items()))
        what = kind(content["schema"]) if "schema" in content else f"<code>{escape(media)}</code>"
        said = "" if answer["description"] == "Done." else prose(answer["description"])
        answers.append((status, what, said))
    parts.append(table(("Status", "Answer", ""), answers))
    return (
        f'<details><summary><b class="m">{method.upper()}</b><code>{escape(path)}</code>'
        f"<span>{escape(described['summary'])}</span></summary><div>{''.join(parts)}</div></details>"
    )


def schema(name: str, described: dict[str, Any]) -> str:
    required = described.get("required", ())
    rows = (
        (
            f"<code>{escape(field)}</code>",
            kind(value),
            "" if field in required else "optional",
            prose(value.get("description", "")),
        )
        for field, value in described.get("properties", {}).items()
    )
    inside = table(("Field", "Type", "", ""), rows) if "properties" in described else f"<p>{kind(described)}</p>"
    return f'<details id="{name}"><summary><code>{name}</code></summary><div>{inside}</div></details>'


LIVE = (
    "A frame holds the slot's whole state. Version ≤ seen: drop it; = seen + 1: apply it; otherwise, with another "
    "epoch, or when a <code>heartbeat</code> tells a later version: subscribe again with the <code>epoch</code> and "
    "<code>version</code> that you have; you get <code>resumed</code> and what you missed, or a <code>snapshot</code>. "
    "After a close with 4000 to 4099 come back after a random pause that grows, or after the seconds that the reason "
    "names as <code>retry-after=</code>; after 4400 to 4499 do not."
)


@cache
def reference(open_to_all: bool) -> bytes:
    document = openapi.document(ROUTES, open_to_all=open_to_all)
    tags: dict[str, list[str]] = {tag: [] for tag in openapi.TAGS}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            tags[described["tags"][0]].append(operation(path, method, described))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in tags.items())
    schemas = "".join(schema(name, described) for name, described in document["components"]["schemas"].items())
    example = orjson.dumps({"type": "subscribe", "expertId": "…"}).decode()
    return page(
        "API",
        f"<h1>Slotline API</h1><p>Version {escape(document['info']['version'])} · "
        '<a href="/openapi.json">OpenAPI 3.1</a> · <a href="/docs/errors">error codes</a></p>'
        f"<p>{prose(document['info']['description'])}</p>{sections}"
        "<h2>Live updates</h2><p>Open a WebSocket at <code>/api/live</code> and send "
        f"<code>{escape(example)}</code>: a snapshot comes, then a frame for each change, versions going up by one.</p>"
        f"<p>{LIVE}</p>"
        f"<h2>Messages</h2>{schemas}",
    )


def every_problem(root: type[SlotlineError] = SlotlineError) -> list[type[SlotlineError]]:
    """Each refusal that has a code of its own."""
    found = {root.code: root}
    for child in root.__subclasses__():
        for problem in every_problem(child):
            found.setdefault(problem.code, problem)
    return sorted(found.values(), key=lambda problem: (problem.status, problem.code))


@cache
def errors() -> bytes:
    rows = (
        (str(problem.status), f'<code id="{problem.code}">{problem.code}</code>', escape(problem.title))
        for problem in every_problem()
        if problem is not problems.ApiError
    )
    return page(
        "Errors",
        "<h1>Error codes</h1><p>Every refusal is <code>application/problem+json</code> (RFC 9457) with one of these "
        f'codes. <a href="/docs">Back to the API</a></p>{table(("Status", "Code", "Means"), rows)}',
    )


@route("GET", "/docs", tag="Operations", summary="This page", answers={200: "text/html"})
async def docs(request: Request) -> Reply:
    return raw(request, reference(access_of(request).open), 200, HTML)


@route("GET", "/docs/errors", tag="Operations", summary="Every error code", answers={200: "text/html"})
async def docs_errors(request: Request) -> Reply:
    return raw(request, errors(), 200, HTML)
