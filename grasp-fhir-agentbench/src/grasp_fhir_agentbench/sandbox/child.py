"""Runs one piece of code, after this process has given up all that the code doesn't need.

A program, run by its path: ``runner`` starts it with an empty environment. It reads one
JSON object from its standard input and prints the result as the model is to see it.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib
import io
import json
import math
import os
import re
import statistics
import sys
import traceback
from typing import Any

#: Exit status where the filter could not be installed.
NOT_CONFINED = 97

#: Of the standard library: once confined, nothing more can be read from disk.
MODULES = (
    *("bisect", "calendar", "collections", "copy", "dataclasses", "decimal", "enum"),
    *("fractions", "functools", "heapq", "itertools", "numbers", "operator", "random"),
    *("string", "textwrap", "time", "types", "typing", "unicodedata", "_strptime"),
    *("collections.abc", "encodings.idna", "linecache", "pprint"),
)


try:
    import resource
except ImportError:  # Windows.
    resource = None  # type: ignore[assignment]


def _limit(name: str, value: int) -> None:
    """Set a limit where the platform has it; never above what it is already."""
    try:
        kind = getattr(resource, name)
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    except (AttributeError, OSError, ValueError):
        return


def run(code: str, resources: Any) -> dict[str, Any]:
    """Run code and return ``stdout`` and ``answer``, or ``error``."""
    space: dict[str, Any] = {
        "json": json,
        "re": re,
        "datetime": datetime,
        "math": math,
        "statistics": statistics,
        "answer": None,
        "retrieved_resources": resources,
        "__name__": "__main__",
    }
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(code, "<code>", "exec"), space)
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)[1:]
        lines = traceback.format_list(frames) + traceback.format_exception_only(error)
        return {"error": f"The code failed: {type(error).__name__}: {error}\n{''.join(lines)}"}
    result: dict[str, Any] = {}
    if printed.getvalue().strip():
        result["stdout"] = printed.getvalue().strip()
    if space.get("answer") is not None:
        result["answer"] = space["answer"]
    if not result:
        return {"error": "The code printed nothing and set no variable `answer`."}
    return result


def main() -> int:
    """Read the job, give up what it doesn't need, run it, print its result."""
    import seccomp  # type: ignore[import-not-found]  # Found beside this program.

    for name in MODULES:
        importlib.import_module(name)
    sys.path[:] = []
    job = json.loads(sys.stdin.buffer.read())
    sys.modules["random"].seed(0)  # The same code on the same data has the same result.
    for limit, value in job["limits"].items():
        _limit(limit, value)
    out = os.dup(1)
    if job["confine"]:
        try:
            seccomp.confine()
        except OSError:
            return NOT_CONFINED
    result = run(job["code"], job["resources"])
    try:
        text = str(result)
    except BaseException as error:
        text = str({"error": f"The answer can't be shown: {type(error).__name__}"})
    longest = job["output_chars"]
    if len(text) > longest:
        text = f"{text[:longest]}... ({len(text) - longest} more characters were cut off)"
    data = text.encode("utf-8", "replace")
    while data:
        data = data[os.write(out, data) :]
    return 0


if __name__ == "__main__":
    # Without the interpreter's farewell: what was run may have left anything behind.
    os._exit(main())
