"""Turns the results into the tables and plots of docs/gate.md."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

_LIVE = (
    ("unstable", 0.05),
    ("unstable", 0.2),
    ("unstable", 0.4),
    ("flip", 0.02),
    ("flip", 0.05),
    ("flip", 0.1),
)
_BOUNDED = (
    "confirm as in the spec",
    "confirm",
    "mcnemar",
    "evalue",
    "evalue, 4 rounds",
    "replicate",
    "replicate, share .45",
)
_COLOURS = {
    "paper": "#b2182b",
    "confirm as in the spec": "#fdae61",
    "confirm": "#e08214",
    "mcnemar": "#7f7f7f",
    "evalue": "#bdbdbd",
    "evalue, 4 rounds": "#5aae61",
    "replicate": "#2166ac",
    "replicate, share .45": "#67a9cf",
}


def write_pages(results: Path, docs: Path) -> None:
    """Fill the marked blocks of docs/gate.md and draw its plots."""
    updates, runs = _read(results / "updates.csv"), _read(results / "runs.csv")
    page = docs / "gate.md"
    text = page.read_text(encoding="utf-8")
    for name, make in _BLOCKS.items():
        block = re.compile(rf"(<!-- study: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        table = make(runs if name.startswith("runs") else updates)
        text, found = block.subn(lambda m, table=table: m[1] + table + m[2], text)  # type: ignore[misc]
        if found != 1:
            raise SystemExit(f"docs/gate.md has {found} blocks named {name!r}")
    page.write_text(text, encoding="utf-8")
    draw(updates, runs, docs / "gate")


def _read(path: Path) -> list[Row]:
    with path.open(newline="") as lines:
        return [{k: _value(v) for k, v in row.items()} for row in csv.DictReader(lines)]


def _value(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _one(rows: Iterable[Row], **wanted: Any) -> Row:
    (found,) = [r for r in rows if all(r[k] == v for k, v in wanted.items())]
    return found


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"


def _with_interval(row: Row, name: str, what: str) -> str:
    low, high = (100 * row[f"{what}_{end}"] for end in ("low", "high"))
    return f"{100 * row[name]:.1f} ({low:.1f}–{high:.1f})"


def _noise(noise: str, level: float) -> str:
    if noise == "flip":
        return f"{_percent(level)} flips"
    return "no noise" if level == 0 else f"{_percent(level)} {noise}"


def _case(noise: tuple[str, float], effect: str, size: float = 0.35, **more: Any) -> Row:
    place = {"n": 36, "k": 4, "harm": 0.0, **more}
    size = 0.0 if effect == "none" else size
    return {"noise": noise[0], "level": noise[1], "effect": effect, "size": size, **place}


def _published(rows: list[Row]) -> str:
    spec = dict(zip(_LIVE, ("43", "67", "68", "58", "64", "67"), strict=True))
    body = []
    for noise in (("unstable", 0.0), *_LIVE):
        found = _one(rows, gate="paper", **_case(noise, "none"))
        body.append(
            [_noise(*noise), spec.get(noise, "0"), _with_interval(found, "accepted", "accepted")]
        )
    return _table(["re-run noise", "spec, %", "measured, % (95 % interval)"], body)


def _as_in_spec(rows: list[Row]) -> str:
    spec = {0.05: "85", 0.2: "67", 0.4: "54"}
    body = []
    for noise in _LIVE[:3]:
        null = _one(rows, gate="confirm as in the spec", **_case(noise, "none"))
        good = _one(rows, gate="confirm as in the spec", **_case(noise, "lasting"))
        body.append(
            [
                _noise(*noise),
                _with_interval(null, "accepted", "accepted"),
                spec[noise[1]],
                _with_interval(good, "accepted", "accepted"),
                f"+{_percent(null['rollouts'] - 1)}",
                f"+{_percent(good['rollouts'] - 1)}",
            ]
        )
    head = ["noise", "null accepted, %", "power, spec, %", "power, measured, %",
            "rollouts, null", "rollouts, good edit"]  # fmt: skip
    return _table(head, body)


def _goal(rows: list[Row]) -> str:
    body = []
    for gate in ("paper", *_BOUNDED):
        nulls = [_one(rows, gate=gate, **_case(n, "none")) for n in _LIVE]
        worst = max(nulls, key=lambda r: r["accepted"])
        cells = [f"**{gate}**" if gate.startswith("replicate") else gate]
        cells.append(_with_interval(worst, "accepted", "accepted"))
        dearest = 0.0
        for effect in ("lasting", "chancy"):
            for noise in _LIVE[:2]:
                case = _case(noise, effect)
                own, paper = _one(rows, gate=gate, **case), _one(rows, gate="paper", **case)
                dearest = max(dearest, own["rollouts"])
                cells.append(
                    f"{_percent(own['accepted'])} ({own['accepted'] / paper['accepted']:.2f})"
                )
        cells.append(f"{dearest:.2f}×")
        cells.append(f"{max(r['rollouts'] for r in nulls):.2f}×")
        body.append(cells)
    head = ["gate", "worst false accept, % (95 %)", "lasting, 5 %", "lasting, 20 %",
            "chancy, 5 %", "chancy, 20 %", "rollouts, good edit", "rollouts, null"]  # fmt: skip
    return _table(head, body)


def _sizes(rows: list[Row]) -> str:
    body = []
    for n in (8, 20, 36, 72):
        for k in (1, 4, 8):
            place = {"n": n, "k": k}
            nulls = [_one(rows, gate="replicate", **_case(x, "none", **place)) for x in _LIVE]
            cells = [str(n), str(k), _percent(max(r["accepted"] for r in nulls), 1)]
            rollouts = 0.0
            for effect in ("lasting", "chancy"):
                for noise in _LIVE[:2]:
                    case = _case(noise, effect, **place)
                    own, paper = (_one(rows, gate=g, **case) for g in ("replicate", "paper"))
                    rollouts = max(rollouts, own["rollouts"])
                    cells.append(
                        f"{_percent(own['accepted'])} ({own['accepted'] / paper['accepted']:.2f})"
                    )
            body.append([*cells, f"{rollouts:.2f}×"])
    head = ["N", "K", "worst false accept", "lasting, 5 %", "lasting, 20 %", "chancy, 5 %",
            "chancy, 20 %", "rollouts, good edit"]  # fmt: skip
    return _table(head, body)


def _effects(rows: list[Row]) -> str:
    gates = ("paper", "confirm", "mcnemar", "evalue, 4 rounds", "replicate")
    body = []
    for noise in (*_LIVE[:3], ("flip", 0.05)):
        for size in (0.2, 0.35, 0.5):
            case = _case(noise, "lasting", size)
            found = [_one(rows, gate=g, **case)["accepted"] for g in gates]
            body.append([_noise(*noise), _percent(size), *map(_percent, found)])
    return _table(["noise", "failures fixed", *gates], body)


def _harm(rows: list[Row]) -> str:
    gates = ("paper", "confirm", "mcnemar", "evalue, 4 rounds", "replicate")
    body = []
    for noise in _LIVE[:2]:
        for harm in (0.1, 0.35):
            case = _case(noise, "trade", harm=harm)
            found = [_one(rows, gate=g, **case)["accepted"] for g in gates]
            body.append([_noise(*noise), _percent(harm), *(_percent(f, 1) for f in found)])
    return _table(["noise", "passing samples broken", *gates], body)


def _frozen(rows: list[Row]) -> str:
    gates = ("paper", "confirm", "replicate", "mcnemar", "mcnemar, no budget")
    body = []
    for n in (36, 72):
        for level in (0.05, 0.2):
            for effect, size in (("none", 0.0), ("lasting", 0.35)):
                case = _case(("frozen", level), effect, size, n=n)
                found = [_one(rows, gate=g, **case)["accepted"] for g in gates]
                what = "nothing" if effect == "none" else "fixes 35 %"
                body.append([f"{n}, {_percent(level)}", what, *(_percent(f, 1) for f in found)])
    return _table(["N, samples that shift", "the edit", *gates], body)


_RUN_GATES = (
    "paper",
    "confirm as in the spec",
    "confirm",
    "mcnemar",
    "evalue",
    "replicate",
    "replicate, share .45",
)


def _runs_null(rows: list[Row]) -> str:
    body = []
    for noise in (*_LIVE[:3], ("flip", 0.05)):
        for updates in (10, 20, 40):
            found = [
                _one(rows, gate=g, noise=noise[0], level=noise[1], real_share=0.0, updates=updates)
                for g in _RUN_GATES
            ]
            cells = [_with_interval(r, "any_false", "any_false") for r in found]
            body.append([_noise(*noise), str(updates), *cells])
    return _table(["noise", "updates", *_RUN_GATES], body)


def _runs_power(rows: list[Row]) -> str:
    body = []
    for effect in ("lasting", "chancy"):
        for noise in _LIVE[:3]:
            for share in (0.2, 0.5):
                case = {"noise": noise[0], "level": noise[1], "effect": effect}
                found = [_one(rows, gate=g, real_share=share, updates=20, **case)
                         for g in _RUN_GATES]  # fmt: skip
                body.append([effect, _noise(*noise), _percent(share),
                             *(f"{_percent(r['power'])}, {_percent(r['any_false'])}, "
                               f"{r['rollouts']:.2f}×" for r in found)])  # fmt: skip
    return _table(["effect", "noise", "updates with a real edit", *_RUN_GATES], body)


_BLOCKS: dict[str, Callable[[list[Row]], str]] = {
    "published": _published,
    "as in the spec": _as_in_spec,
    "goal": _goal,
    "runs null": _runs_null,
    "runs power": _runs_power,
    "sizes": _sizes,
    "effects": _effects,
    "harm": _harm,
    "frozen": _frozen,
}


def draw(updates: list[Row], runs: list[Row], folder: Path) -> None:
    """Draw the three plots as SVG."""
    import matplotlib

    matplotlib.use("svg")
    # The same bytes from the same results.
    matplotlib.rcParams.update({"svg.hashsalt": "grasp", "font.size": 9, "svg.fonttype": "none"})
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    names = [_noise(*n).replace(" unstable", "\nunstable").replace(" flips", "\nflips")
             for n in _LIVE]  # fmt: skip
    gates = ("paper", *_BOUNDED)

    figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
    for place, gate in enumerate(gates):
        found = [_one(updates, gate=gate, **_case(n, "none")) for n in _LIVE]
        at = [x + (place - 3.5) * 0.11 for x in range(len(_LIVE))]
        errors = [
            [100 * max(0.0, r["accepted"] - r["accepted_low"]) for r in found],
            [100 * max(0.0, r["accepted_high"] - r["accepted"]) for r in found],
        ]
        axes.errorbar(at, [100 * r["accepted"] for r in found], errors, fmt="o", ms=4,
                      color=_COLOURS[gate], label=gate, capsize=2)  # fmt: skip
    axes.axhline(5, color="black", lw=0.8, ls=":")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_yticks([0, 1, 5, 20, 50, 100], ["0", "1", "5", "20", "50", "100"])
    axes.set_xticks(range(len(_LIVE)), names)
    axes.set_ylabel("an edit that does nothing\nis accepted, % of updates")
    axes.set_ylim(-0.3, 100)
    _save(figure, axes, folder / "false-accepts.svg")

    figure, panels = plt.subplots(1, 2, figsize=(8, 3), sharey=True, layout="constrained")
    for axes, effect in zip(panels, ("lasting", "chancy"), strict=True):
        for gate in gates:
            levels = [0.0, 0.05, 0.2, 0.4]
            found = [_one(updates, gate=gate, **_case(("unstable", x), effect)) for x in levels]
            axes.plot([100 * x for x in levels], [100 * r["accepted"] for r in found], "o-",
                      ms=3, color=_COLOURS[gate], label=gate)  # fmt: skip
        axes.set_title(f"a {effect} fix of 35 % of failures", fontsize=9)
        axes.set_xlabel("unstable samples, %")
    panels[0].set_ylabel("the good edit is accepted, %")
    panels[0].set_ylim(0)
    _save(figure, panels[0], folder / "power.svg")

    figure, panels = plt.subplots(1, 3, figsize=(8, 2.6), sharey=True, layout="constrained")
    for axes, noise in zip(panels, _LIVE[:3], strict=True):
        for gate in _RUN_GATES:
            found = [
                _one(runs, gate=gate, noise=noise[0], level=noise[1], real_share=0.0, updates=t)
                for t in (10, 20, 40)
            ]
            axes.plot([10, 20, 40], [100 * r["any_false"] for r in found], "o-", ms=3,
                      color=_COLOURS[gate], label=gate)  # fmt: skip
        axes.axhline(20, color="black", lw=0.8, ls=":")
        axes.set_title(_noise(*noise), fontsize=9)
        axes.set_xlabel("updates")
        axes.set_xticks([10, 20, 40])
    panels[0].set_ylabel("runs with a false accept, %")
    _save(figure, panels[0], folder / "runs.svg")


def _save(figure: Any, named: Any, path: Path) -> None:
    figure.legend(*named.get_legend_handles_labels(), loc="outside right center", fontsize=7)
    figure.savefig(path, metadata={"Date": None})
