"""How an update's facts stand in the journal."""

from __future__ import annotations

from typing import Any

from grasp.methods.context import Batch
from grasp.methods.gate import Arm, Judgement
from grasp.methods.grasp.observe import Entry
from grasp.methods.grasp.probing import Arms, Trial
from grasp.methods.grasp.propose import Proposal
from grasp.skills import Candidate, Edit


def place(batch: Batch) -> dict[str, Any]:
    """Return where an update stands in the run."""
    return {"epoch": batch.epoch, "cycle": batch.cycle}


def failure_to_json(entry: Entry) -> dict[str, Any]:
    """Return a failure with what was found out about it."""
    return {"id": entry.id, "label": entry.label, "diagnosis": entry.diagnosis}


def edit_to_json(edit: Edit) -> dict[str, Any]:
    """Return an edit, whole."""
    return {**vars(edit), "action": edit.action.value, "tags": list(edit.tags)}


def proposal_to_json(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal: its edits' titles and what was wrong with it."""
    return {
        "group": proposal.group,
        "edits": [f"{e.action} {e.name}" for e in proposal.edits],
        "problems": list(proposal.problems),
    }


def candidate_to_json(candidate: Candidate) -> dict[str, Any]:
    """Return a candidate with its edits."""
    return {
        "title": candidate.title,
        "proposal": candidate.proposal,
        "group": candidate.failure_group,
        "edits": [edit_to_json(e) for e in candidate.edits],
    }


def arm_to_json(arm: Arms) -> dict[str, Any]:
    """Return the verdict of each sample of an arm."""
    return {i: ("error" if o.is_error else o.correct) for i, o in arm.items()}


def trial_to_json(trial: Trial) -> dict[str, Any]:
    """Return a trial's outcomes, and the fresh pairs the gate asked for if it did."""
    facts: dict[str, Any] = {
        "exposed": trial.evidence.exposed,
        "outcomes": arm_to_json(trial.outcomes),
        "invalid_actions": [
            p.sample_id
            for p in trial.evidence.pairs
            if p.candidate.status == "agent invalid action"
        ],
    }
    if trial.curtailed:
        facts["stopped_after"] = len(trial.outcomes)
    if trial.evidence.fresh:
        facts["fresh_pairs"] = [
            [p.sample_id, _result(p.baseline), _result(p.candidate)] for p in trial.evidence.fresh
        ]
    return facts


def _result(arm: Arm) -> bool | str:
    return "error" if arm.is_error else arm.correct


def judgement_to_json(judgement: Judgement) -> dict[str, Any]:
    """Return a judgement with its counts and statistics, and its test if it made one."""
    facts: dict[str, Any] = {
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "counts": vars(judgement.counts),
        "statistics": vars(judgement.statistics),
    }
    if judgement.fresh is not None:
        facts["fresh"] = vars(judgement.fresh)
    if judgement.level is not None:
        facts |= {"p": judgement.p, "level": judgement.level}
    return facts
