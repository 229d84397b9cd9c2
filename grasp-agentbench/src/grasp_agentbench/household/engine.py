"""Plays a game: which commands there are, what each does, and what is said of it (spec 4).

The domain is ALFRED's; texts and numbering are TextWorld's, which the tests compare step by step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from grasp_agentbench.household.game import Game
from grasp_agentbench.household.goal import satisfied

#: Said of a command that there isn't.
NOTHING = "Nothing happens."

_KNIVES = frozenset(("knifetype", "butterknifetype"))


@dataclass(frozen=True)
class Grammar:
    """How commands and answers are worded.

    Attributes:
        name: ``old``, as in AgentBench, or ``new``, as in ALFWorld's later releases.
        put: Command that puts something somewhere.
        putting: Answer to it.
        arriving: Where an arrival is said to be: the location or the receptacle.
        help: There is a command ``help``.
        sinks: Kinds of receptacles in which things are cleaned.
    """

    name: str
    put: str
    putting: str
    arriving: str
    help: bool
    sinks: frozenset[str]


GRAMMARS: Mapping[str, Grammar] = {
    "old": Grammar(
        name="old",
        put="put {} in/on {}",
        putting="You put the {} in/on the {}.",
        arriving="location",
        help=False,
        sinks=frozenset(("sinkbasintype",)),
    ),
    "new": Grammar(
        name="new",
        put="move {} to {}",
        putting="You move the {} to the {}.",
        arriving="receptacle",
        help=True,
        sinks=frozenset(("sinktype", "sinkbasintype")),
    ),
}

_HELP = """
Available commands:
  look:                             look around your current location
  inventory:                        check your current inventory
  go to (receptacle):               move to a receptacle
  open (receptacle):                open a receptacle
  close (receptacle):               close a receptacle
  take (object) from (receptacle):  take an object from a receptacle
  move (object) to (receptacle):  place an object in or on a receptacle
  examine (something):              examine a receptacle or an object
  use (object):                     use an object
  heat (object) with (receptacle):  heat an object using a receptacle
  clean (object) with (receptacle): clean an object using a receptacle
  cool (object) with (receptacle):  cool an object using a receptacle
  slice (object) with (object):     slice an object using a sharp object
"""

#: Does something and says so.
_Action = Callable[[], str]


class Play:
    """One play of a game. Used by one thread.

    Args:
        game: What is played.
        grammar: How it is worded.
    """

    def __init__(self, game: Game, grammar: Grammar = GRAMMARS["old"]) -> None:
        self._game, self._grammar = game, grammar
        self._facts = {name: set(found) for name, found in game.facts.items()}
        self._places = dict(self._pairs("receptacleatlocation"))
        #: Pairs of object and receptacle that were parted; they are told apart when looking.
        self._parted: set[tuple[str, str]] = set()
        self.won = False
        self._actions = dict(self._available())

    @property
    def introduction(self) -> str:
        """What is said at the beginning."""
        return (
            f"-= Welcome to TextWorld, ALFRED! =-\n\n{self._overview(self._places)}\n\n"
            f"Your task is to: {self._game.task}"
        )

    @property
    def commands(self) -> list[str]:
        """The admissible commands, sorted."""
        return sorted(self._actions)

    def step(self, command: str) -> str:
        """Carry out a command; return what is said."""
        action = self._actions.get(command.strip())
        said = action() if action else NOTHING
        if action:
            self._actions = dict(self._available())
            self.won = satisfied(self._game.goal, self._facts)
        return said

    # -- facts -----------------------------------------------------------------------------

    def _holds(self, predicate: str, *names: str) -> bool:
        return names in self._facts.get(predicate, ())

    def _set(self, predicate: str, *names: str) -> None:
        self._facts.setdefault(predicate, set()).add(names)

    def _unset(self, predicate: str, *names: str) -> None:
        self._facts.get(predicate, set()).discard(names)

    def _pairs(self, predicate: str) -> list[tuple[str, str]]:
        return sorted((f[0], f[1]) for f in self._facts.get(predicate, ()))

    def _call(self, name: str) -> str:
        return self._game.names.get(name, name)

    @property
    def _here(self) -> str:
        return next(iter(self._facts["atlocation"]))[1]

    @property
    def _held(self) -> str | None:
        return next((f[1] for f in self._facts.get("holds", ())), None)

    def _reachable(self) -> list[str]:
        """Return the receptacles where the agent is."""
        here = self._here
        return [r for r, place in self._places.items() if place == here]

    def _accessible(self, receptacle: str) -> bool:
        return not self._holds("openable", receptacle) or self._holds("opened", receptacle)

    def _inside(self, receptacle: str) -> list[str]:
        return [o for o, r in self._pairs("inreceptacle") if r == receptacle]

    def _kinds(self, predicate: str, name: str) -> set[str]:
        return {kind for thing, kind in self._pairs(predicate) if thing == name}

    # -- commands ----------------------------------------------------------------------------

    def _available(self) -> Iterator[tuple[str, _Action]]:
        """Yield every command that there is, with what it does."""
        here, held, call = self._here, self._held, self._call
        yield "look", self._look
        yield "inventory", self._inventory
        if self._grammar.help:
            yield "help", lambda: _HELP.lstrip("\n")
        for receptacle, place in self._places.items():
            if place != here:
                yield f"go to {call(receptacle)}", partial(self._go, receptacle, place)
        for receptacle in self._reachable():
            name = call(receptacle)
            yield f"examine {name}", partial(self._describe, receptacle)
            if self._holds("openable", receptacle):
                verb = "close" if self._holds("opened", receptacle) else "open"
                yield f"{verb} {name}", partial(self._swing, receptacle, verb)
            yield from self._with_contents(receptacle)
            if held is not None:
                yield from self._with_held(held, receptacle)
        if held is not None:
            yield f"examine {call(held)}", partial(self._examine, held)
            if self._kinds("objecttype", held) & _KNIVES:
                for thing, place in self._pairs("objectatlocation"):
                    if place == here and self._holds("sliceable", thing):
                        yield (
                            f"slice {call(thing)} with {call(held)}",
                            partial(self._slice, thing, held),
                        )

    def _with_contents(self, receptacle: str) -> Iterator[tuple[str, _Action]]:
        name, call = self._call(receptacle), self._call
        open_ = self._accessible(receptacle)
        for thing in self._inside(receptacle):
            if self._holds("toggleable", thing):
                yield f"use {call(thing)}", partial(self._use, thing)
            # Only what is held can be examined: a comma in the domain's text hides the rest.
            if open_ and self._held is None and self._holds("pickupable", thing):
                yield f"take {call(thing)} from {name}", partial(self._take, thing, receptacle)

    def _with_held(self, held: str, receptacle: str) -> Iterator[tuple[str, _Action]]:
        name, call = self._call(receptacle), self._call
        kinds, types = self._kinds("receptacletype", receptacle), self._kinds("objecttype", held)
        fits = any(self._holds("cancontain", k, t) for k in kinds for t in types)
        if fits and self._accessible(receptacle):
            yield (
                self._grammar.put.format(call(held), name),
                partial(self._put, held, receptacle),
            )
        treatments = (
            ("clean", "cleanable", self._grammar.sinks, "isclean", ""),
            ("heat", "heatable", frozenset(("microwavetype",)), "ishot", "iscool"),
            ("cool", "coolable", frozenset(("fridgetype",)), "iscool", "ishot"),
        )
        for verb, can, where, becomes, loses in treatments:
            if kinds & where and self._holds(can, held):
                treat = partial(self._treat, verb, held, receptacle, becomes, loses)
                yield f"{verb} {call(held)} with {name}", treat

    # -- what commands do --------------------------------------------------------------------

    def _go(self, receptacle: str, place: str) -> str:
        self._facts["atlocation"] = {(_agent(self._facts), place)}
        where = place if self._grammar.arriving == "location" else receptacle
        return f"You arrive at {self._call(where)}. {self._describe(receptacle)}"

    def _swing(self, receptacle: str, verb: str) -> str:
        if verb == "close":
            self._unset("opened", receptacle)
            return f"You close the {self._call(receptacle)}."
        self._set("opened", receptacle)
        return f"You open the {self._call(receptacle)}. {self._describe(receptacle)}"

    def _take(self, thing: str, receptacle: str) -> str:
        agent = _agent(self._facts)
        self._unset("inreceptacle", thing, receptacle)
        self._parted.add((thing, receptacle))
        self._unset("objectatlocation", thing, self._here)
        self._set("holds", agent, thing)
        self._set("holdsany", agent)
        return f"You pick up the {self._call(thing)} from the {self._call(receptacle)}."

    def _put(self, thing: str, receptacle: str) -> str:
        agent = _agent(self._facts)
        self._set("inreceptacle", thing, receptacle)
        self._parted.discard((thing, receptacle))
        self._set("objectatlocation", thing, self._here)
        self._unset("holds", agent, thing)
        self._unset("holdsany", agent)
        return self._grammar.putting.format(self._call(thing), self._call(receptacle))

    def _use(self, thing: str) -> str:
        on = self._holds("ison", thing)
        (self._unset if on else self._set)("ison", thing)
        self._set("istoggled", thing)
        return f"You turn on the {self._call(thing)}."

    def _treat(self, verb: str, thing: str, receptacle: str, becomes: str, loses: str) -> str:
        self._set(becomes, thing)
        if loses:
            self._unset(loses, thing)
        return f"You {verb} the {self._call(thing)} using the {self._call(receptacle)}."

    def _slice(self, thing: str, knife: str) -> str:
        self._set("issliced", thing)
        return f"You sliced the {self._call(thing)} with the {self._call(knife)}."

    # -- what is said --------------------------------------------------------------------------

    def _look(self) -> str:
        near = self._reachable()
        if not near:
            return self._overview(near)  # TextWorld lists what is where the agent is.
        facing = _listed(self._call(r) for r in near)
        here = self._here
        beside = [
            f"a {self._call(thing)}"
            for thing, place in self._pairs("objectatlocation")
            for receptacle in near
            if place == here and (thing, receptacle) in self._parted
        ]
        return f"You are facing the {facing}. Next to it, you see {_listed(beside)}."

    def _overview(self, receptacles: Iterable[str]) -> str:
        seen = _listed(f"a {self._call(r)}" for r in receptacles)
        return f"You are in the middle of a room. Looking quickly around you, you see {seen}."

    def _inventory(self) -> str:
        if self._held is None:
            return "You are not carrying anything."
        return f"You are carrying: a {self._call(self._held)}."

    def _describe(self, receptacle: str) -> str:
        name = self._call(receptacle)
        inside = _listed(f"a {self._call(thing)}" for thing in self._inside(receptacle))
        if not self._holds("openable", receptacle):
            return f"On the {name}, you see {inside}."
        if not self._holds("opened", receptacle):
            return f"The {name} is closed."
        return f"The {name} is open. In it, you see {inside}."

    def _examine(self, thing: str) -> str:
        name, has = self._call(thing), partial(self._has, thing)
        if has("isreceptacleobject"):
            inner = [o for o, outer in self._pairs("inreceptacleobject") if outer == thing]
            seen = _listed(f"a {self._call(o)}" for o in inner)
            return f"This is a normal {name}. In it, you see {seen}."
        heat = "hot" if has("ishot") else "cool" if has("iscool") else ""
        states = " and ".join(filter(None, (heat, "clean" if has("isclean") else "")))
        if has("issliced") and states:
            return f"This is a {states} sliced {name}."
        if states:
            return f"This is a {'cold' if states == 'cool' else states} {name}."
        if has("toggleable"):
            # TextWorld has no fact for what was never used, and so nothing to say of it.
            if has("istoggled"):
                return f"This {name} is on."
        elif has("sliceable") and has("issliced"):
            return f"This is a sliced {name}."
        return f"There's nothing special about {name}."

    def _has(self, thing: str, predicate: str) -> bool:
        return self._holds(predicate, thing)


def _agent(facts: Mapping[str, Any]) -> str:
    return str(next(iter(facts["atlocation"]))[0])


def _listed(names: Any) -> str:
    found = list(names)
    if not found:
        return "nothing"
    if len(found) == 1:
        return str(found[0])
    return f"{', '.join(found[:-1])}, and {found[-1]}"
