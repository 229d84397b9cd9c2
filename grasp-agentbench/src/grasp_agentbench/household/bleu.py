"""Which admissible command is most like what the model said (spec agentbench, 4.1).

BLEU of up to four words with NLTK's fourth smoothing, as in the original; the tests compare it
with NLTK, which is too much of a dependency for one number.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

#: Below it nothing is alike.
LEAST = 0.01

_ORDER = 4
_K = 5.0


def closest(action: str, commands: Sequence[str]) -> str:
    """Return a command for an action: itself, the most alike, or the action as it is."""
    if action in commands or not commands:
        return action
    scores = [bleu(command, action) for command in commands]
    best = max(scores)
    return commands[scores.index(best)] if best > LEAST else action


def bleu(reference: str, candidate: str) -> float:
    """Return the BLEU score of a candidate, 0 to 1, by words."""
    wanted, given = reference.split(), candidate.split()
    precisions = [_precision(wanted, given, n) for n in range(1, _ORDER + 1)]
    if not precisions[0][0]:
        return 0.0
    total, smoothed = 0.0, 1
    for hits, count in precisions:
        value = hits / count
        if not hits and len(given) > 1:
            value = math.log(len(given)) / (2**smoothed * _K) / count
            smoothed += 1
        if value:
            total += math.log(value) / _ORDER
    brevity = 1.0 if len(given) > len(wanted) else math.exp(1 - len(wanted) / len(given))
    return brevity * math.exp(total)


def _precision(wanted: Sequence[str], given: Sequence[str], size: int) -> tuple[int, int]:
    """Return how many runs of words of the candidate are in the reference, and how many it has."""
    ours, theirs = _runs(given, size), _runs(wanted, size)
    return sum((ours & theirs).values()), max(1, sum(ours.values()))


def _runs(words: Sequence[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[n : n + size]) for n in range(len(words) - size + 1))
