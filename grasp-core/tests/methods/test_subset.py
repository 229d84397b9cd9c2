"""The first samples of a split, and of each type."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from grasp.contracts import Sample
from grasp.methods.subset import first_samples

from ..toys import Toy


class Typed(Toy):
    """Samples of the given types."""

    def __init__(self, types: list[str]) -> None:
        super().__init__()
        self.types = types

    def samples(self, split: str) -> list[Sample]:
        return [{"id": str(n), "type": t} for n, t in enumerate(self.types)]


LIMITS = st.none() | st.integers(1, 5)


@given(st.lists(st.sampled_from("abc"), max_size=20), LIMITS, LIMITS)
def test_the_first_few(types: list[str], limit: int | None, per_type: int | None) -> None:
    task = Typed(types)
    whole = task.samples("dev")
    found = first_samples(task, "dev", limit=limit, per_type=per_type)
    assert [s for s in whole if s in found] == list(found)
    counts = Counter(s["type"] for s in found)
    assert all(count <= (per_type or 20) for count in counts.values())
    wanted = sum(min(n, per_type or n) for n in Counter(types).values())
    assert len(found) == min(wanted, limit or wanted)
