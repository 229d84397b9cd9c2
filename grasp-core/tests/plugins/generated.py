"""Writes site directories as an installer would; of the standard library alone.

``benchmarks/discovery.py`` uses it too, so it imports nothing of the tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

PLUGIN = """\
from __future__ import annotations

from collections.abc import Callable

from grasp.plugins import MethodSpec, TaskSpec, hookimpl


@hookimpl
def grasp_register_tasks(register: Callable[[TaskSpec], None]) -> None:
    register(
        TaskSpec("{name}", "{module}.task:Bulk", "One of many.", docs="https://{name}.example.org")
    )


@hookimpl
def grasp_register_methods(register: Callable[[MethodSpec], None]) -> None:
    register(MethodSpec("{name}-learner", "{module}.learner:Learner", "One of many."))
"""

TASK = """\
from __future__ import annotations

from typing import Any

from grasp import Task


class Bulk(Task):
    name = "{name}"

    def samples(self, split: Any) -> Any:
        return []

    def rollout(self, sample: Any, agent: Any) -> Any: ...

    def evaluate(self, sample: Any, rollout: Any) -> bool:
        return False
"""

LEARNER = """\
from __future__ import annotations

from grasp import Method


class Learner(Method):
    name = "{name}-learner"
"""

#: As long as a README in the metadata of a real distribution is.
README = "What this plugin does, told at some length.\n" * 100


def write_metadata(site: Path, project: Mapping[str, Any]) -> Path:
    """Write the metadata folder of a project, given as in ``pyproject.toml``."""
    name, version = project["name"], project["version"]
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}"]
    lines += [f"Project-URL: {label}, {at}" for label, at in project.get("urls", {}).items()]
    lines += [f"Requires-Dist: {r}" for r in project.get("dependencies", ())]
    for extra, requirements in project.get("optional-dependencies", {}).items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f"Requires-Dist: {r}; extra == '{extra}'" for r in requirements]
    lines += ["", project["description"], ""]
    points = "\n".join(
        f"[{group}]\n" + "".join(f"{point} = {target}\n" for point, target in points.items())
        for group, points in project["entry-points"].items()
    )
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("\n".join(lines), encoding="utf-8")
    (folder / "entry_points.txt").write_text(points, encoding="utf-8")
    (folder / "INSTALLER").write_text("pip\n", encoding="utf-8")
    return folder


def generate(site: Path, count: int, stem: str = "bulk") -> Path:
    """Write distributions ``bulk-000`` and so on: a task, a method and a command each."""
    site.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        name, module = f"{stem}-{number:03}", f"{stem}_{number:03}"
        (site / module).mkdir()
        (site / module / "__init__.py").write_text("", encoding="utf-8")
        for file, text in (("plugin.py", PLUGIN), ("task.py", TASK), ("learner.py", LEARNER)):
            (site / module / file).write_text(text.format(name=name, module=module))
        points = {"grasp": {name: f"{module}.plugin"}, "grasp.commands": {name: f"{module}:run"}}
        write_metadata(
            site,
            {
                "name": name,
                "version": f"1.{number}",
                "dependencies": ["grasp-core<1,>=0.1"],
                "description": README,
                "entry-points": points,
            },
        )
    return site
