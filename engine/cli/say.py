"""How the command line talks."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

console = Console(soft_wrap=True, highlight=False)
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def say(text: str, style: str = "") -> None:
    console.print(Text(text, style=style))


def step(label: str, text: str, seconds: float | None = None) -> None:
    """One line for a thing that is done."""
    took = "" if seconds is None else f"  {seconds:.2f} s"
    console.print(Text.assemble(("  ✓ ", "green"), (f"{label:<9}", "bold"), text, (took, "dim")))


def complain(text: str) -> None:
    """The one line on stderr for whatever went wrong."""
    errors.print(Text.assemble(("slotline: ", "bold red"), " ".join(text.split())))


def is_text(word: str) -> bool:
    """Whether a word of the command line is UTF-8: Python stands lone surrogates for other bytes."""
    return not any("\ud800" <= sign <= "\udfff" for sign in word)


def what_is_wrong(error: ValidationError) -> str:
    """Settings that are not valid, without their values: these may hold passwords."""
    lines = []
    for fault in error.errors(include_input=False, include_context=False):
        name = "_".join(map(str, fault["loc"])).upper()
        text = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {text}" if name else text)
    return "; ".join(lines)


def shown(url: str) -> str:
    """A server's URL without user, password and options. What cannot be told apart safely is left out."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return "…"
    before_options = rest.partition("?")[0]
    if "@" in rest and "@" not in before_options:
        return f"{scheme}://…"
    host = before_options.rpartition("@")[2]
    try:
        urlsplit(f"//{host.split(',')[0]}").port  # noqa: B018 (raises for "user:password" without a host)
    except ValueError:
        return f"{scheme}://…"
    return f"{scheme}://{host}"


def in_url(host: str) -> str:
    """An address as it stands in a URL: that of IPv6 in brackets, for its colons."""
    return f"[{host}]" if ":" in host else host
