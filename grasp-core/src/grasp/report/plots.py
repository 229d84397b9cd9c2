"""Draws the plots with matplotlib (the extra ``plot``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grasp.contracts import ConfigError, RunError
from grasp.report.series import Mark, Series

#: Colours that people with any colour vision tell apart (Okabe & Ito 2008), and shapes.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_SHAPES = ("o", "s", "^", "D", "v", "P")
SUFFIXES = (".png", ".svg", ".pdf")


def check(out: Path) -> None:
    """See beforehand whether a plot can be written.

    Raises:
        ConfigError: matplotlib is missing, or the file is of no known kind.
        RunError: There is no such folder.
    """
    if out.suffix.lower() not in SUFFIXES:
        raise ConfigError(
            f"can't draw a {out.suffix or 'file without a suffix'}",
            f"name a file that ends in {', '.join(SUFFIXES)}",
        )
    if not out.parent.is_dir():
        raise RunError(f"there is no folder {out.parent}", "create it, or choose another --out")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise ConfigError(
            "plots need matplotlib", "install it with: pip install 'grasp-core[plot]'"
        ) from None


def draw_curves(series: Sequence[Series], out: Path) -> None:
    """Draw learning curves, one line each."""
    figure, axes = _figure(1)
    axis = axes[0]
    # Side by side, so that bars don't cover one another.
    for n, one in enumerate(series):
        shift = (n - (len(series) - 1) / 2) * 0.06
        _bars(axis, one, n, shift=shift, line="-")
    ticks = sorted({int(m.x) for one in series for m in one.marks})
    axis.set_xticks(ticks, ["no skills" if t < 0 else str(t) for t in ticks])
    axis.set(xlabel="epoch", ylabel="validation accuracy (%)", ylim=(-2, 102))
    axis.legend(frameon=False)
    _save(figure, out)


def draw_gate(series: Sequence[Series], out: Path) -> None:
    """Draw the candidates of every update with their intervals."""
    figure, axes = _figure(1)
    axis = axes[0]
    axis.axhline(0, color="0.6", linewidth=0.8)
    for n, one in enumerate(series):
        if one.marks:
            _bars(axis, one, n)
    last = max(round(m.x) for one in series for m in one.marks)
    axis.set_xticks(range(1, last + 1) if last <= 20 else range(5, last + 1, 5))
    axis.set(xlabel="update", ylabel="difference on the probe (points)")
    axis.legend(frameon=False)
    _save(figure, out)


def draw_sensitivity(panels: Mapping[str, Sequence[Series]], out: Path) -> None:
    """Draw one panel for each swept setting."""
    figure, axes = _figure(len(panels))
    for axis, (name, series) in zip(axes, panels.items(), strict=True):
        for n, one in enumerate(series):
            _bars(axis, one, n, line="-")
        axis.set(xlabel=name, ylim=(-2, 102))
        axis.set_xticks([m.x for m in series[0].marks], [f"{m.x:g}" for m in series[0].marks])
    axes[0].set_ylabel("accuracy (%)")
    axes[0].legend(frameon=False)
    _save(figure, out)


def _figure(panels: int) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.6 if panels == 1 else 2.6 * panels, 3.2), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False, sharey=True)[0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _bars(axis: Any, series: Series, n: int, *, shift: float = 0.0, line: str = "") -> None:
    marks = series.marks
    axis.errorbar(
        [m.x + shift for m in marks],
        [m.y for m in marks],
        # An end may pass the value by a rounding error.
        yerr=[[max(m.y - m.low, 0) for m in marks], [max(m.high - m.y, 0) for m in marks]],
        label=series.name,
        color=_COLOURS[n % len(_COLOURS)],
        marker=_SHAPES[n % len(_SHAPES)],
        markerfacecolor=None if all(map(_filled, marks)) else "none",
        linestyle=line or "none",
        capsize=2,
        linewidth=1.2,
        markersize=5,
    )


def _filled(mark: Mark) -> bool:
    return mark.filled


def _save(figure: Any, out: Path) -> None:
    # No date and no random ids: equal data make an equal file.
    import matplotlib

    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(out.suffix.lower())
    with matplotlib.rc_context({"svg.hashsalt": "grasp"}):
        figure.savefig(out, dpi=200, metadata=metadata)
