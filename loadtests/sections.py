"""Pages that several programs write, each its own part between markers."""

from __future__ import annotations

from pathlib import Path


def put_section(page: Path, name: str, text: str) -> None:
    """Replaces what stands between the markers of ``name``, or adds it at the end; the rest of the page stays."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    page.parent.mkdir(parents=True, exist_ok=True)
    old = page.read_text(encoding="utf-8") if page.exists() else ""
    section = f"{begin}\n{text.strip()}\n{end}"
    before, found, rest = old.partition(begin)
    if found:
        after = rest.partition(end)[2]
        page.write_text(f"{before}{section}{after}", encoding="utf-8")
    else:
        page.write_text(f"{old.rstrip()}\n\n{section}\n".lstrip(), encoding="utf-8")
