"""The comparisons that the benchmark's check scripts make; they run here, not in the sandbox.

So nothing that an agent does to its machine can change a verdict. Each takes the answer and the
reference's output; what can't be compared is wrong (spec agentbench, 1.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

#: Suffix -> bytes, in the order in which suffixes are tried.
_UNITS = {
    "B": 1, "Byte": 1, "K": 2**10, "KB": 2**10, "M": 2**20, "MB": 2**20, "G": 2**30, "GB": 2**30,
    "T": 2**40, "TB": 2**40, "P": 2**50, "PB": 2**50,
}  # fmt: skip


def same_integer(answer: str, expected: str) -> bool:
    """Both are whole numbers, and equal."""
    return int(answer) == int(expected)


def same_text(answer: str, expected: str) -> bool:
    """Both are equal but for white space around them and kinds of line ends."""
    return _plain(answer) == _plain(expected)


def contains(answer: str, expected: str) -> bool:
    """The answer contains the reference."""
    return _plain(expected) in _plain(answer)


def contained(answer: str, expected: str) -> bool:
    """The reference contains the answer."""
    return _plain(answer) in _plain(expected)


def same_size(answer: str, expected: str) -> bool:
    """Both are sizes, such as ``5.6G`` or ``5120``, and equal."""
    return _size(answer, float) == _size(expected, float)


def same_whole_size(answer: str, expected: str) -> bool:
    """The original's way, which can't read ``5.6G``."""
    return _size(answer, int) == _size(expected, int)


#: Name of a check script -> what it compares.
COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "integer-match.py": same_integer,
    "string-match.py": same_text,
    "containing.py": contains,
    "in.py": contained,
    "size-match.py": same_size,
}


def compare(name: str, answer: str, expected: str, *, compat: bool = False) -> bool:
    """Return the verdict of a named check; ``False`` where it can't be made."""
    comparison = COMPARISONS[name]
    if compat and comparison is same_size:
        comparison = same_whole_size
    try:
        return comparison(answer, expected)
    except ValueError:
        return False


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _size(text: str, number: Callable[[str], float]) -> float:
    said = text.strip()
    for unit, factor in _UNITS.items():
        if said.endswith(unit):
            return number(said[: -len(unit)]) * factor
    return number(said)
