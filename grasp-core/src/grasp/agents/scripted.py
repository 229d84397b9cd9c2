"""A deterministic policy instead of a model, for tests and for trying plugins.

Rules are tried in order; the first whose pattern is found in the last message answers::

    - match: 'lab value of (?P<patient>\\S+)'
      answer: 'GET /Observation?patient=\\g<patient>'
    - match: 'resourceType'
      answer: FINISH([2.4])
    - answer: FINISH([-1])

Where no rule fits, a call with a schema is answered with its smallest instance, and any
other with ``ok``. No chance and no state: the same call has the same answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from grasp.agents.settings import Settings
from grasp.agents.suggest import did_you_mean
from grasp.agents.wire import cut_at
from grasp.contracts import Completion, ConfigError, ModelCall, Usage

DEFAULT_ANSWER = "ok"

#: ``(call) -> text``, a ``Completion``, or ``None`` for the default answer.
Policy = Callable[[ModelCall], "str | Completion | None"]

_GROUP = re.compile(r"\\(?:g<(\w+)>|(\d))")
_KEYS = ("match", "answer", "where")
_PLACES = ("last", "first", "system", "any")


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        pattern: Searched for with ``re.DOTALL`` and ``re.MULTILINE``; ``None`` always fits.
        answer: The text; ``\\1`` and ``\\g<name>`` stand for groups of the pattern.
        where: ``last``, ``first`` or ``system`` message, or ``any`` (all of them joined).
    """

    pattern: re.Pattern[str] | None
    answer: str
    where: str = "last"

    def __call__(self, call: ModelCall) -> str | None:
        """Return the answer, or ``None`` where the rule doesn't fit."""
        if self.pattern is None:
            return self.answer
        match = self.pattern.search(_place(call, self.where))
        return None if match is None else _GROUP.sub(lambda g: _group(g, match), self.answer)


def _place(call: ModelCall, where: str) -> str:
    texts = [str(m.get("content") or "") for m in call.messages]
    if where == "any":
        return "\n".join(texts)
    if where == "system":
        return "\n".join(
            t for t, m in zip(texts, call.messages, strict=True) if m.get("role") == "system"
        )
    return (texts[0] if where == "first" else texts[-1]) if texts else ""


def _group(asked: re.Match[str], match: re.Match[str]) -> str:
    name = asked.group(1) or asked.group(2)
    try:
        return match.group(int(name) if name.isdigit() else name) or ""
    except IndexError:
        return asked.group(0)


class ScriptedBackend:
    """Answers calls by a policy; as safe to call from many threads as the policy is.

    Args:
        policy: A function of the call, rules as a list of mappings, of pairs or as a
            mapping of pattern to answer, the dotted path of one (``package.module:name``),
            the path of a YAML file of rules, or nothing.
        model: Name for the identity.
        parameters: Parameters for the identity.

    Raises:
        ConfigError: The policy is none of these.
    """

    def __init__(
        self,
        policy: Any = None,
        *,
        model: str = "scripted",
        parameters: Mapping[str, Any] | None = None,
        stop: Sequence[str] = (),
    ) -> None:
        self._policy, name = read_policy(policy)
        self._stop = tuple(stop)
        self._identity = {
            "backend": "scripted",
            "model": model,
            "policy": name,
            "parameters": dict(parameters or {}),
        }

    def __repr__(self) -> str:
        return f"ScriptedBackend({self._identity['policy']})"

    @property
    def identity(self) -> Mapping[str, Any]:
        """Names the policy: its rules, or the function's name."""
        return self._identity

    def complete(self, call: ModelCall) -> Completion:
        """Answer one call; what the policy raises is raised."""
        answer = self._policy(call)
        if isinstance(answer, Completion):
            return answer
        text = default_answer(call) if answer is None else answer
        text, _ = cut_at(text, (*call.stop, *self._stop))
        words = sum(len(str(m.get("content") or "").split()) for m in call.messages)
        return Completion(
            text, Usage(calls=1, prompt_tokens=words, completion_tokens=len(text.split()))
        )

    def close(self) -> None:
        """Nothing to release."""


def default_answer(call: ModelCall) -> str:
    """Return the answer to a call that no rule fits."""
    if call.schema is None:
        return DEFAULT_ANSWER
    return json.dumps(smallest(call.schema), sort_keys=True)


def smallest(schema: Any) -> Any:
    """Return a small instance of a JSON schema, always the same one."""
    if not isinstance(schema, Mapping):
        return None
    if "const" in schema:
        return schema["const"]
    for name in ("enum", "anyOf", "oneOf", "allOf"):
        if schema.get(name):
            first = schema[name][0]
            return first if name == "enum" else smallest(first)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if kind == "object" or (kind is None and "properties" in schema):
        properties = schema.get("properties", {})
        return {k: smallest(properties.get(k, {})) for k in schema.get("required", properties)}
    if kind == "array":
        return [smallest(schema.get("items", {}))] * int(schema.get("minItems", 0))
    if kind == "string":
        return "x" * int(schema.get("minLength", 0))
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    return False if kind == "boolean" else None


def read_policy(policy: Any) -> tuple[Policy, Any]:
    """Return a policy as a function, and what names it in an identity.

    Raises:
        ConfigError: It is not a policy.
    """
    if policy is None or policy == "":
        return (lambda call: None), "default"
    if isinstance(policy, str | Path):
        return _from_text(str(policy))
    if callable(policy):
        name = getattr(policy, "__qualname__", type(policy).__qualname__)
        return policy, f"{getattr(policy, '__module__', '')}.{name}"
    rules = _rules(policy)

    def ask(call: ModelCall) -> str | None:
        for rule in rules:
            answer = rule(call)
            if answer is not None:
                return answer
        return None

    return ask, [[r.pattern.pattern if r.pattern else "", r.answer, r.where] for r in rules]


def _from_text(policy: str) -> tuple[Policy, Any]:
    if policy.endswith((".yaml", ".yml", ".json")):
        return read_policy(_read_rules(Path(policy).expanduser()))
    module, colon, name = policy.partition(":")
    if not colon:
        module, _, name = policy.rpartition(".")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(
            f"there is no policy {policy!r}: {error}",
            "give package.module:function, or the path of a YAML file of rules",
        ) from None
    if isinstance(found, str):
        raise ConfigError(f"the policy {policy!r} is a text, not a function or rules")
    return read_policy(found)[0], policy


def _read_rules(path: Path) -> Any:
    import yaml

    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(
            f"the rules {path} can't be read: {' '.join(str(error).split())}"
        ) from None


def _rules(policy: Any) -> list[Rule]:
    if isinstance(policy, Mapping):
        items: list[Any] = [{"match": k, "answer": v} for k, v in policy.items()]
    elif isinstance(policy, Sequence):
        items = [
            dict(zip(("match", "answer"), item, strict=False))
            if isinstance(item, list | tuple) and len(item) == 2
            else item
            for item in policy
        ]
    else:
        raise ConfigError(f"{type(policy).__name__!r} is not a policy", "a function or rules")
    return [_rule(number, item) for number, item in enumerate(items, 1)]


def _rule(number: int, item: Any) -> Rule:
    if not isinstance(item, Mapping) or not isinstance(item.get("answer"), str):
        raise ConfigError(f"rule {number} has no answer", "write match: and answer:, as texts")
    for key in item:
        if key not in _KEYS:
            raise ConfigError(
                f"rule {number} has the unknown key {key!r}", did_you_mean(str(key), _KEYS)
            )
    where = item.get("where", "last")
    if where not in _PLACES:
        raise ConfigError(f"rule {number} looks at {where!r}", did_you_mean(str(where), _PLACES))
    match = item.get("match")
    try:
        pattern = None if match is None else re.compile(str(match), re.DOTALL | re.MULTILINE)
    except re.error as error:
        raise ConfigError(f"the pattern of rule {number} is not valid: {error}") from None
    return Rule(pattern, item["answer"], where)


def open_scripted(settings: Settings) -> ScriptedBackend:
    """Build the scripted backend.

    Raises:
        ConfigError: The policy is not valid.
    """
    parameters: dict[str, Any] = {
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
    }
    return ScriptedBackend(
        settings.policy,
        model=settings.model or "scripted",
        parameters={k: v for k, v in parameters.items() if v is not None},
        stop=settings.stop,
    )
