"""Which rules and episodes are shown for a query, and how."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grasp_baselines.evo import text
from grasp_baselines.evo.store import Episode, Memory, Rule
from grasp_baselines.settings import EvoParams

#: Characters of a query that are looked at.
MAX_QUERY = 3000

_PROTOCOL = (
    "[Memory] Use what follows as strategy. The present task comes first: check that a rule "
    "applies before you follow it, and never copy an old answer."
)


def utility(rule: Rule, rules: Sequence[Rule], c: float) -> float:
    """Return a rule's upper confidence bound; 1 if it was never shown."""
    if not rule.shown:
        return 1.0
    total = sum(r.shown for r in rules)
    return rule.success / rule.shown + c * math.sqrt(math.log(max(2, total + 1)) / rule.shown)


def select_rules(rules: Sequence[Rule], query: str, params: EvoParams) -> list[Rule]:
    """Return the rules to show: pinned ones, then by priority, fit and utility."""
    limit = min(params.semantic_top_k, params.max_semantic_rules)

    def rank(rule: Rule) -> tuple[float, float, float]:
        u = utility(rule, rules, params.ucb_c)
        fit = text.overlap(query, " ".join([rule.text, *rule.tags])) + params.utility_weight * u
        return (2 - text.priority(rule.text), fit, u)

    ordered = sorted(rules, key=rank, reverse=True)
    pinned = [r for r in ordered if text.priority(r.text) == 0][: params.p0_pinned_n]
    return [*pinned, *(r for r in ordered if r not in pinned)][:limit]


def select_episodes(episodes: Sequence[Episode], query: str, params: EvoParams) -> list[Episode]:
    """Return the episodes most like a query; none that has nothing in common with it."""
    scored = [(text.overlap(query, e.words), n) for n, e in enumerate(episodes)]
    best = sorted((s for s in scored if s[0] > 0), key=lambda s: (-s[0], s[1]))
    return [episodes[n] for _, n in best[: params.episodic_top_k]]


def render(memory: Memory, query: str, params: EvoParams) -> str:
    """Return the block that an agent is shown for a query."""
    query = query[:MAX_QUERY]
    rules = select_rules(memory.rules, query, params) if params.semantic_enabled else []
    episodes = select_episodes(memory.episodes, query, params) if params.episodic_enabled else []
    if not (memory.rules or memory.episodes) and not params.upstream_compat:
        return ""
    parts = [_PROTOCOL]
    if rules:
        lines = "\n".join(f"- {rule.text}" for rule in rules)
        parts.append(text.cut(f"## Dynamic Cheatsheet\n{lines}", params.semantic_context_max_chars))
    if episodes:
        shown = "\n".join(_shown(episode) for episode in episodes)
        size = params.episodic_context_max_chars
        parts.append(text.cut(f"## Similar Past Episodes\n{shown}", size))
    return text.cut("\n\n".join(parts), params.max_context_chars)


def _shown(episode: Episode) -> str:
    advice = [f"  - {text.body(g)}" for g in episode.guidelines[:2]]
    outcome = "solved" if episode.is_correct else "failed"
    # The task ends with the answer that was given, which must not be copied.
    told = episode.summary or episode.task.partition("\n")[0]
    return "\n".join([f"- ({outcome}) {told}", *advice])
