"""What a run comes to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.faults.checker import Violation
from tests.faults.history import History

OUTCOMES = ("ok", "refused", "unknown")


@dataclass
class Report:
    seed: int
    seconds: float
    history: History
    faults: Counter[str]
    generations: int
    violations: list[Violation] = field(default_factory=list)

    @property
    def kinds(self) -> Counter[str]:
        return Counter(violation.kind for violation in self.violations)

    @property
    def operations(self) -> int:
        return self.history.totals.total()

    def table(self) -> str:
        totals = self.history.totals
        verbs = sorted({verb for verb, _ in totals})
        lines = [f"seed {self.seed}, {self.seconds:.0f} s, {self.generations} generations of experts", ""]
        lines.append(f"{'verb':<12}" + "".join(f"{outcome:>10}" for outcome in OUTCOMES) + "   refusals and doubts")
        for verb in verbs:
            numbers = "".join(f"{totals[verb, outcome]:>10,}" for outcome in OUTCOMES)
            codes = (
                (code, n) for (v, code), n in sorted(self.history.codes.items()) if v == verb and code[0] not in "2"
            )
            lines.append(f"{verb:<12}{numbers}   {', '.join(f'{code} {n}' for code, n in codes)}")
        lines += ["", "faults: " + ", ".join(f"{name} {number}" for name, number in sorted(self.faults.items()))]
        lines.append(
            f"operations {self.operations:,}, {self.operations / self.seconds:.0f}/s; faults {self.faults.total()}"
        )
        lines.append(f"lost {self.kinds['lost']}, violations {len(self.violations)}")
        lines += [f"  {kind}: {number}" for kind, number in sorted(self.kinds.items())]
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "generations": self.generations,
            "operations": {f"{verb} {outcome}": n for (verb, outcome), n in sorted(self.history.totals.items())},
            "codes": {f"{verb} {code}": n for (verb, code), n in sorted(self.history.codes.items())},
            "faults": dict(sorted(self.faults.items())),
            "lost": self.kinds["lost"],
            "violations": dict(self.kinds),
            "evidence": [str(violation) for violation in self.violations[:100]],
        }
