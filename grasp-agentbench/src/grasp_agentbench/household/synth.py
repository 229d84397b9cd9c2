"""Our own households, from a seed; every one comes with commands that do its task."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from grasp_agentbench.household.game import Game, call_names

KINDS = (
    *("pick_and_place", "pick_clean_then_place", "pick_heat_then_place"),
    *("pick_cool_then_place", "look_at_obj", "pick_two_obj"),
)
#: GRASP's sizes.
SIZES: Mapping[str, int] = {"dev": 26, "val": 24, "test": 20}

#: Object -> what can be done with it, and where it may lie.
_OBJECTS: Mapping[str, tuple[str, str]] = {
    "mug": ("clean heat cool inside", "cabinet countertop shelf table sinkbasin coffeemachine"),
    "plate": ("clean heat cool inside", "cabinet countertop shelf table sinkbasin"),
    "bowl": ("clean cool inside", "cabinet countertop shelf table sinkbasin"),
    "cup": ("clean heat cool inside", "cabinet countertop shelf table sinkbasin"),
    "pan": ("clean cool inside", "cabinet countertop stoveburner sinkbasin"),
    "apple": ("clean heat cool slice", "countertop table fridge garbagecan sinkbasin"),
    "potato": ("clean heat cool slice", "countertop table fridge garbagecan sinkbasin"),
    "tomato": ("clean heat cool slice", "countertop table fridge garbagecan sinkbasin"),
    "egg": ("clean heat cool", "countertop table fridge garbagecan"),
    "bread": ("heat cool slice", "countertop table fridge garbagecan"),
    "knife": ("clean", "countertop drawer table sinkbasin"),
    "fork": ("clean", "countertop drawer table sinkbasin"),
    "spoon": ("clean", "countertop drawer table sinkbasin"),
    "saltshaker": ("", "cabinet countertop drawer shelf table"),
    "book": ("", "bed desk drawer shelf sofa table"),
    "pen": ("", "desk drawer shelf table garbagecan"),
    "pencil": ("", "desk drawer shelf table garbagecan"),
    "cellphone": ("", "bed desk drawer sofa table"),
    "keychain": ("", "desk drawer shelf sofa table safe"),
    "watch": ("", "desk drawer shelf sofa table safe"),
    "remotecontrol": ("", "desk drawer shelf sofa table"),
    "pillow": ("", "bed sofa"),
    "cloth": ("clean", "cabinet countertop drawer sinkbasin bathtubbasin"),
    "soapbar": ("clean", "cabinet countertop drawer sinkbasin bathtubbasin garbagecan"),
    "spraybottle": ("", "cabinet countertop shelf toilet garbagecan"),
    "candle": ("", "cabinet countertop drawer shelf toilet"),
}
_OPENABLE = frozenset(("cabinet", "drawer", "fridge", "microwave", "safe"))

#: Room -> its receptacles and how many of each there may be.
_ROOMS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "kitchen": {"cabinet": (3, 7), "countertop": (1, 3), "drawer": (2, 5), "fridge": (1, 1),
                "microwave": (1, 1), "sinkbasin": (1, 1), "stoveburner": (2, 4), "shelf": (0, 3),
                "table": (1, 2), "garbagecan": (1, 1), "coffeemachine": (1, 1)},
    "bedroom": {"bed": (1, 1), "desk": (1, 2), "drawer": (3, 6), "shelf": (2, 6),
                "garbagecan": (1, 1), "safe": (0, 1), "sofa": (0, 1)},
    "livingroom": {"sofa": (1, 2), "table": (2, 3), "shelf": (2, 5), "drawer": (2, 5),
                   "desk": (0, 1), "garbagecan": (1, 1), "safe": (0, 1)},
    "bathroom": {"sinkbasin": (1, 2), "cabinet": (2, 5), "countertop": (1, 2), "shelf": (0, 2),
                 "toilet": (1, 1), "bathtubbasin": (1, 1), "drawer": (1, 4), "garbagecan": (1, 1)},
}  # fmt: skip

#: Kind of task -> rooms in which it can be done, where that is not every room.
_ROOMS_FOR: Mapping[str, tuple[str, ...]] = {
    "look_at_obj": ("bedroom", "livingroom"),
    "pick_clean_then_place": ("kitchen", "bathroom"),
    "pick_heat_then_place": ("kitchen",),
    "pick_cool_then_place": ("kitchen",),
}

#: Treatment -> predicate of what can take it, of what has had it, and where it is done.
_TREATMENTS = {
    "pick_clean_then_place": ("clean", "cleanable", "isclean", "sinkbasin"),
    "pick_heat_then_place": ("heat", "heatable", "ishot", "microwave"),
    "pick_cool_then_place": ("cool", "coolable", "iscool", "fridge"),
}
_WORDS = {"clean": "clean", "heat": "hot", "cool": "cool"}


@dataclass
class _House:
    """A household in the making."""

    rng: random.Random
    types: dict[str, str] = field(default_factory=dict)
    facts: dict[str, set[tuple[str, ...]]] = field(default_factory=dict)
    receptacles: dict[str, list[str]] = field(default_factory=dict)
    things: dict[str, list[str]] = field(default_factory=dict)
    where: dict[str, str] = field(default_factory=dict)

    def say(self, predicate: str, *names: str) -> None:
        self.facts.setdefault(predicate, set()).add(names)

    def add_receptacle(self, kind: str) -> None:
        count = len(self.receptacles.setdefault(kind, [])) + 1
        name = f"{kind.removesuffix('basin')}_bar_{count:02}"
        if kind.endswith("basin"):
            name += f"_bar_{kind}"
        place = f"loc_bar_{len(self.types):03}"
        self.types |= {name: "receptacle", place: "location"}
        self.receptacles[kind].append(name)
        self.say("receptacletype", name, f"{kind}type")
        self.say("receptacleatlocation", name, place)
        if kind in _OPENABLE:
            self.say("openable", name)

    def add_thing(self, kind: str, receptacle: str) -> str:
        count = len(self.things.setdefault(kind, [])) + 1
        name = f"{kind}_bar_{count:02}"
        self.types[name] = "object"
        self.things[kind].append(name)
        self.where[name] = receptacle
        self.say("objecttype", name, f"{kind}type")
        self.say("pickupable", name)
        self.put(name, receptacle)
        words = {"clean": "cleanable", "heat": "heatable", "cool": "coolable"}
        words |= {"slice": "sliceable", "inside": "isreceptacleobject"}
        for can in _OBJECTS[kind][0].split():
            self.say(words[can], name)
        return name

    def put(self, name: str, receptacle: str) -> None:
        self.say("inreceptacle", name, receptacle)
        self.say("objectatlocation", name, self.place(receptacle))

    def place(self, receptacle: str) -> str:
        return next(p for r, p in self.facts["receptacleatlocation"] if r == receptacle)

    def spots(self, kind: str) -> list[str]:
        """Return the receptacles that may hold a kind of object."""
        fitting = _OBJECTS[kind][1].split()
        return [r for k in fitting for r in self.receptacles.get(k, ())]


@lru_cache(maxsize=8)
def synthetic_games(seed: int) -> Mapping[str, Sequence[tuple[str, Game]]]:
    """Return kind and game of every sample of ``dev``, ``val`` and ``test``."""
    return {
        split: tuple(
            (KINDS[n % len(KINDS)], _game(KINDS[n % len(KINDS)], f"{seed}:{split}:{n}"))
            for n in range(size)
        )
        for split, size in SIZES.items()
    }


def _game(kind: str, seed: str) -> Game:
    rng = random.Random(f"household:{seed}")
    house = _build(kind, rng)
    goal, task, plan = _TASKS.get(kind, _place_treated)(kind, house)
    names = call_names(house.types)
    return Game(
        facts={name: frozenset(found) for name, found in house.facts.items()},
        goal=goal,
        names=names,
        task=task,
        walkthrough=tuple(
            command.format(*(names[p] for p in parts)) for command, *parts in plan.steps
        ),
    )


def _build(kind: str, rng: random.Random) -> _House:
    room = rng.choice(_ROOMS_FOR.get(kind, tuple(_ROOMS)))
    house = _House(rng)
    for receptacle, (least, most) in _ROOMS[room].items():
        for _ in range(rng.randint(least, most)):
            house.add_receptacle(receptacle)
    start = "loc_bar_start"
    house.types |= {"agent1": "agent", start: "location"}
    house.say("atlocation", "agent1", start)
    for thing in _OBJECTS:
        spots = house.spots(thing)
        for _ in range(rng.randint(0, 3) if spots else 0):
            house.add_thing(thing, rng.choice(spots))
    for thing, (_, fitting) in _OBJECTS.items():
        treated = ("sinkbasin", "microwave", "fridge")
        for receptacle in {*fitting.split(), *treated}:
            if receptacle in fitting or _treats(thing, receptacle):
                house.say("cancontain", f"{receptacle}type", f"{thing}type")
    return house


def _treats(thing: str, receptacle: str) -> bool:
    can = _OBJECTS[thing][0].split()
    return {"sinkbasin": "clean", "microwave": "heat", "fridge": "cool"}.get(receptacle) in can


def _choose(house: _House, needs: str, count: int = 1) -> tuple[str, list[str], str]:
    """Return an object, things of that kind, and a kind of receptacle where none of them is."""
    kinds = [k for k in _OBJECTS if needs in ("", *_OBJECTS[k][0].split()) and house.spots(k)]
    house.rng.shuffle(kinds)
    for kind in kinds:
        fitting = [r for r in _OBJECTS[kind][1].split() if house.receptacles.get(r)]
        targets = [r for r in fitting if r != "sinkbasin"] or fitting
        target = house.rng.choice(targets)
        elsewhere = [s for s in house.spots(kind) if s not in house.receptacles[target]]
        if not elsewhere:
            continue
        for thing in house.things.get(kind, []):
            if house.where[thing] in house.receptacles[target]:
                _move(house, thing, house.rng.choice(elsewhere))
        while len(house.things.get(kind, [])) < count:
            house.add_thing(kind, house.rng.choice(elsewhere))
        return kind, house.rng.sample(house.things[kind], count), target
    raise AssertionError("every room has something that can be moved")


def _move(house: _House, thing: str, receptacle: str) -> None:
    old = house.where[thing]
    house.facts["inreceptacle"].discard((thing, old))
    house.facts["objectatlocation"].discard((thing, house.place(old)))
    house.where[thing] = receptacle
    house.put(thing, receptacle)


@dataclass
class _Plan:
    """Commands that do a task, in the words of the old grammar."""

    house: _House
    steps: list[tuple[str, ...]] = field(default_factory=list)
    here: str = ""
    opened: set[str] = field(default_factory=set)

    def go(self, receptacle: str, *, opening: bool = True) -> None:
        if receptacle != self.here:
            self.steps.append(("go to {}", receptacle))
            self.here = receptacle
        shut = (receptacle,) in self.house.facts.get("openable", ())
        if opening and shut and receptacle not in self.opened:
            self.opened.add(receptacle)
            self.steps.append(("open {}", receptacle))

    def fetch(self, thing: str) -> None:
        self.go(self.house.where[thing])
        self.steps.append(("take {} from {}", thing, self.here))

    def bring(self, thing: str, receptacle: str) -> None:
        self.go(receptacle)
        self.steps.append(("put {} in/on {}", thing, receptacle))


#: Goal, task in words, and how it is done.
_Made = tuple[Any, str, _Plan]


def _placed(kind: str, target: str, *more: list[Any]) -> list[Any]:
    facts = [["inreceptacle", "?o", "?r"], ["objecttype", "?o", f"{kind}type"]]
    facts += [["receptacletype", "?r", f"{target}type"], *more]
    return ["exists", ["?r", "-", "receptacle", "?o", "-", "object"], ["and", *facts]]


def _place(_: str, house: _House) -> _Made:
    kind, (thing,), target = _choose(house, "")
    plan = _Plan(house)
    plan.fetch(thing)
    plan.bring(thing, house.receptacles[target][0])
    return _placed(kind, target), f"put some {kind} on {target}.", plan


def _place_two(_: str, house: _House) -> _Made:
    kind, things, target = _choose(house, "", 2)
    plan = _Plan(house)
    for thing in things:
        plan.fetch(thing)
        plan.bring(thing, house.receptacles[target][0])
    other: list[list[Any]] = [
        ["inreceptacle", "?p", "?r"],
        ["objecttype", "?p", f"{kind}type"],
        ["not", ["=", "?o", "?p"]],
    ]
    return _placed(kind, target, *other), f"find two {kind} and put them in {target}.", plan


def _place_treated(task: str, house: _House) -> _Made:
    verb, can, has, where = _TREATMENTS[task]
    kind, (thing,), target = _choose(house, verb)
    tool = house.receptacles[where][0]
    plan = _Plan(house)
    plan.fetch(thing)
    plan.go(tool, opening=False)
    plan.steps.append((f"{verb} {{}} with {{}}", thing, tool))
    plan.bring(thing, house.receptacles[target][0])
    goal = _placed(kind, target, [can, "?o"], [has, "?o"])
    return goal, f"put a {_WORDS[verb]} {kind} in {target}.", plan


def _look(_: str, house: _House) -> _Made:
    kind, (thing,), _target = _choose(house, "")
    desks = [r for k in ("desk", "table", "shelf") for r in house.receptacles.get(k, ())]
    spot = house.rng.choice(desks)
    lamp = "desklamp_bar_01"
    house.types[lamp] = "object"
    house.say("objecttype", lamp, "desklamptype")
    house.say("toggleable", lamp)
    house.put(lamp, spot)
    plan = _Plan(house)
    plan.fetch(thing)
    plan.go(spot)
    plan.steps.append(("use {}", lamp))
    lit = [["objecttype", "?l", "desklamptype"], ["toggleable", "?l"], ["istoggled", "?l"]]
    lit += [["receptacleatlocation", "?r", "?p"], ["atlocation", "?a", "?p"]]
    held = [
        ["inreceptacle", "?l", "?r"],
        ["objecttype", "?o", f"{kind}type"],
        ["holds", "?a", "?o"],
    ]
    return ["and", *lit, *held], f"examine the {kind} with the desklamp.", plan


_TASKS: Mapping[str, Callable[[str, _House], _Made]] = {
    "pick_and_place": _place,
    "pick_two_obj": _place_two,
    "look_at_obj": _look,
}
