"""Our own problems, from a seed; all lie in the home folder, so they run in every sandbox.

Questions are checked against a reference command, run after the agent; changes by a script that
looks at the machine.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grasp_agentbench.os_interaction.records import Record

#: GRASP's sizes.
SIZES: Mapping[str, int] = {"dev": 79, "val": 56, "test": 35}

_WORDS = ("amber", "basalt", "cedar", "delta", "ember", "fjord", "grove", "harbor", "islet",
          "juniper", "krill", "lagoon", "meadow", "nectar", "orchid", "prairie")  # fmt: skip
_ENDINGS = ("txt", "log", "md", "csv", "cfg", "py")
_ACTIONS = ("sold", "bought", "returned")
_NAMES = ("Ada", "Bela", "Cora", "Dario", "Edda", "Femi")

_INTEGER = {"language": "python", "file": "check/integer-match.py"}
_TEXT = {"language": "python", "file": "check/string-match.py"}

_Made = tuple[str, str, dict[str, Any]]


def synthetic_splits(seed: int) -> Mapping[str, Sequence[Record]]:
    """Return ``dev``, ``val`` and ``test``; families take turns."""
    return {split: [_record(split, n, seed) for n in range(size)] for split, size in SIZES.items()}


def _record(split: str, number: int, seed: int) -> Record:
    family = FAMILIES[number % len(FAMILIES)]
    rng = random.Random(f"os:{seed}:{split}:{number}")
    description, init, evaluation = family(rng)
    return {
        "id": f"{split}-{number}",
        "type": family.__name__.strip("_").replace("_", "-"),
        "description": description,
        "labels": [],
        "ran": description,
        "problem": {"create": {"init": {"code": init}}, "evaluation": evaluation},
        "scripts": "",
    }


def _asked(example: str, check: Mapping[str, str] = _INTEGER) -> dict[str, Any]:
    return {"check": [None, dict(check)], "example": {"code": example}}


def _done(check: str, example: str) -> dict[str, Any]:
    return {"check": [{"language": "bash", "code": check}], "example": {"code": example}}


def _folder(rng: random.Random) -> str:
    return "_".join(rng.sample(_WORDS, 2))


def _tree(rng: random.Random, folder: str) -> str:
    """Return commands that make folders with files of several endings, hidden ones too."""
    lines = [f"mkdir -p ~/{folder}/{{a,b/c,.hidden}}"]
    for n in range(rng.randint(14, 26)):
        place = rng.choice(("", "a/", "b/", "b/c/", ".hidden/"))
        name = f"{rng.choice(('', '', '.'))}{rng.choice(_WORDS)}{n}.{rng.choice(_ENDINGS)}"
        size = rng.choice((0, 0, rng.randint(1, 40), rng.randint(500, 4000)))
        lines.append(f"head -c {size} /dev/zero | tr '\\0' x > ~/{folder}/{place}{name}")
    return "\n".join(lines)


def _count_files(rng: random.Random) -> _Made:
    folder, ending = _folder(rng), rng.choice(_ENDINGS)
    hidden = rng.random() < 0.5
    which = "" if hidden else " -not -name '.*'"
    told = "hidden ones included" if hidden else "leaving out those whose name begins with a dot"
    ask = f"How many files ending in .{ending} are in ~/{folder} and all folders below it, {told}?"
    find = f"find ~/{folder} -type f -name '*.{ending}'{which} | wc -l"
    return ask, _tree(rng, folder), _asked(find)


def _count_empty(rng: random.Random) -> _Made:
    folder = _folder(rng)
    ask = f"How many empty files are there in ~/{folder} and all folders below it?"
    return ask, _tree(rng, folder), _asked(f"find ~/{folder} -type f -empty | wc -l")


def _biggest_file(rng: random.Random) -> _Made:
    folder = _folder(rng)
    big = (
        f"printf 'y%.0s' $(seq {rng.randint(5000, 9000)}) > ~/{folder}/b/c/{rng.choice(_WORDS)}.big"
    )
    ask = f"What is the name (without its path) of the largest file in ~/{folder} and below it?"
    find = f"find ~/{folder} -type f -printf '%s %f\\n' | sort -n | tail -1 | cut -d' ' -f2-"
    return ask, f"{_tree(rng, folder)}\n{big}", _asked(find, _TEXT)


def _total_size(rng: random.Random) -> _Made:
    folder, ending = _folder(rng), rng.choice(_ENDINGS)
    ask = f"How many bytes have all .{ending} files in ~/{folder} and below it together?"
    find = (
        f"find ~/{folder} -type f -name '*.{ending}' -printf '%s\\n' | awk '{{s += $1}} "
        "END {print s + 0}'"
    )
    return ask, _tree(rng, folder), _asked(find)


def _log(rng: random.Random, name: str) -> str:
    lines = [
        f"{rng.randint(10, 23)}:{rng.randint(10, 59)} | {rng.choice(_NAMES)} | "
        f"{rng.choice(_ACTIONS)} | {rng.choice(_WORDS)} | {rng.randint(1, 90)}"
        for _ in range(rng.randint(40, 90))
    ]
    text = "\n".join(lines)
    return f"cat > ~/{name}.log <<'END'\n{text}\nEND"


def _log_count(rng: random.Random) -> _Made:
    name, who = _folder(rng), rng.choice(_NAMES)
    what = rng.choice(_ACTIONS)
    ask = (
        f"Each line of ~/{name}.log is 'time | person | action | item | count'. In how many lines "
        f"has {who} {what} something?"
    )
    return ask, _log(rng, name), _asked(f"grep -c '| {who} | {what} |' ~/{name}.log || true")


def _log_sum(rng: random.Random) -> _Made:
    name, who = _folder(rng), rng.choice(_NAMES)
    ask = (
        f"Each line of ~/{name}.log is 'time | person | action | item | count'. What is the sum of "
        f"the counts of all lines in which {who} sold something?"
    )
    sum_ = f"awk -F' [|] ' '$2 == \"{who}\" && $3 == \"sold\" {{s += $5}} END {{print s + 0}}'"
    return ask, _log(rng, name), _asked(f"{sum_} ~/{name}.log")


def _log_kinds(rng: random.Random) -> _Made:
    name = _folder(rng)
    ask = (
        f"Each line of ~/{name}.log is 'time | person | action | item | count'. How many different "
        "items occur?"
    )
    cut = f"awk -F' [|] ' '{{print $4}}' ~/{name}.log | sort -u | wc -l"
    return ask, _log(rng, name), _asked(cut)


def _words(rng: random.Random, name: str) -> str:
    text = " ".join(rng.choice(_WORDS[:7]) for _ in range(rng.randint(60, 120)))
    broken = text.replace(" ", "\n", 20)
    return f"cat > ~/{name}.txt <<'END'\n{broken}\nEND"


def _commonest_word(rng: random.Random) -> _Made:
    name = _folder(rng)
    ask = f"Which word is most frequent in ~/{name}.txt? (Of several the first in the alphabet.)"
    count = (
        f"tr -s ' \\n' '\\n\\n' < ~/{name}.txt | grep . | sort | uniq -c | sort -k1,1nr -k2,2 | "
        "head -1 | awk '{print $2}'"
    )
    return ask, _words(rng, name), _asked(count, _TEXT)


def _longest_line(rng: random.Random) -> _Made:
    name = _folder(rng)
    ask = f"How many characters has the longest line of ~/{name}.txt?"
    awk = "awk '{ if (length($0) > m) m = length($0) } END { print m + 0 }'"
    return ask, _words(rng, name), _asked(f"{awk} ~/{name}.txt")


def _rename(rng: random.Random) -> _Made:
    folder = _folder(rng)
    old, new = rng.sample(_ENDINGS, 2)
    names = rng.sample(_WORDS, 5)
    made = "\n".join(f"echo {n} > ~/{folder}/{n}.{old}" for n in names)
    other = f"echo stays > ~/{folder}/other.{new}"
    ask = f"Rename every file in ~/{folder} that ends in .{old} so that it ends in .{new} instead."
    check = " && ".join(f'[ "$(cat ~/{folder}/{n}.{new})" = {n} ]' for n in names)
    check += f" && [ -f ~/{folder}/other.{new} ] && [ $(ls -A ~/{folder} | wc -l) = 6 ]"
    move = f'cd ~/{folder}; for f in *.{old}; do mv "$f" "${{f%.{old}}}.{new}"; done'
    return ask, f"mkdir ~/{folder}\n{made}\n{other}", _done(check, move)


def _permissions(rng: random.Random) -> _Made:
    folder = _folder(rng)
    names = rng.sample(_WORDS, 4)
    made = "\n".join(f"touch ~/{folder}/{n}.sh; chmod 644 ~/{folder}/{n}.sh" for n in names)
    keep = f"touch ~/{folder}/notes.txt; chmod 644 ~/{folder}/notes.txt"
    ask = (
        f"Make every .sh file in ~/{folder} readable, writable and executable for its owner, and "
        "nothing for anybody else. Leave other files as they are."
    )
    check = " && ".join(f"[ $(stat -c %a ~/{folder}/{n}.sh) = 700 ]" for n in names)
    check += f" && [ $(stat -c %a ~/{folder}/notes.txt) = 644 ]"
    return ask, f"mkdir ~/{folder}\n{made}\n{keep}", _done(check, f"chmod 700 ~/{folder}/*.sh")


def _replace(rng: random.Random) -> _Made:
    name = _folder(rng)
    old, new = rng.sample(_WORDS[:7], 2)
    ask = f"In ~/{name}.txt, replace every '{old}' by '{new.upper()}'. Change nothing else."
    init = f"{_words(rng, name)}\ncp ~/{name}.txt ~/.{name}.before"
    check = f'[ "$(sed \'s/{old}/{new.upper()}/g\' ~/.{name}.before)" = "$(cat ~/{name}.txt)" ]'
    return ask, init, _done(check, f"sed -i 's/{old}/{new.upper()}/g' ~/{name}.txt")


def _collect(rng: random.Random) -> _Made:
    folder, ending = _folder(rng), rng.choice(_ENDINGS)
    target = rng.choice(_WORDS)
    ask = (
        f"Make a file ~/{target}.list with the names (without paths) of all .{ending} files in "
        f"~/{folder} and below it, hidden ones included, one a line, in the order of `sort`."
    )
    find = f"find ~/{folder} -type f -name '*.{ending}' -printf '%f\\n' | sort"
    check = f'[ -f ~/{target}.list ] && [ "$(cat ~/{target}.list)" = "$({find})" ]'
    seen = f"touch ~/{folder}/zz.{ending}"
    return ask, f"{_tree(rng, folder)}\n{seen}", _done(check, f"{find} > ~/{target}.list")


def _move_by_size(rng: random.Random) -> _Made:
    folder = _folder(rng)
    limit = rng.choice((100, 300, 450))
    ask = (
        f"Move every file directly in ~/{folder} that has more than {limit} bytes into a new "
        f"folder ~/{folder}/large. Leave the others where they are."
    )
    sizes = [rng.choice((rng.randint(1, limit), rng.randint(limit + 1, 2000))) for _ in range(9)]
    made = "\n".join(
        f"head -c {size} /dev/zero | tr '\\0' x > ~/{folder}/{_WORDS[n]}.dat"
        for n, size in enumerate(sizes)
    )
    check = " && ".join(
        f"[ -f ~/{folder}/{'large/' if size > limit else ''}{_WORDS[n]}.dat ]"
        for n, size in enumerate(sizes)
    )
    check += f" && [ $(find ~/{folder} -type f | wc -l) = 9 ]"
    move = (
        f"mkdir ~/{folder}/large; find ~/{folder} -maxdepth 1 -type f -size +{limit}c "
        f"-exec mv {{}} ~/{folder}/large/ ';'"
    )
    return ask, f"mkdir ~/{folder}\n{made}", _done(check, move)


FAMILIES: tuple[Callable[[random.Random], _Made], ...] = (
    *(_count_files, _rename, _log_count, _permissions, _biggest_file, _replace, _log_sum),
    *(_collect, _total_size, _move_by_size, _commonest_word, _count_empty, _log_kinds),
    _longest_line,
)
