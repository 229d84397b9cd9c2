"""Its strata are no texts."""

from __future__ import annotations

from broken.good_task import Walk
from grasp.contracts import Sample

BREAKS = "described-samples"
SAYS = "sample_type() of sample 'dev-0' returned 0"
MEND = "return text"


class Broken(Walk):
    def sample_type(self, sample: Sample) -> str:
        return sample["start"] // 10  # type: ignore[no-any-return]
