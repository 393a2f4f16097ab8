from __future__ import annotations

import re
from pathlib import Path

from engine.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
LINE = re.compile(r"^# ([A-Z_]+)=(.*)$", re.MULTILINE)
OWN_DEFAULT = {"workers"}
"""Its default depends on the machine."""


def test_the_example_names_every_setting_once_with_its_default() -> None:
    written = LINE.findall(EXAMPLE.read_text())
    assert [name.lower() for name, _ in written] == list(Settings.model_fields)

    given = {name.lower(): value for name, value in written if value and name.lower() not in OWN_DEFAULT}
    parsed = Settings(_env_file=None, **given)
    for name, field in Settings.model_fields.items():
        if name in given:
            assert getattr(parsed, name) == field.default, name
        elif name not in OWN_DEFAULT:
            assert field.default in (None, ""), name
