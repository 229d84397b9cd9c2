"""What grasp-core itself offers: a plugin like any other."""

from __future__ import annotations

from collections.abc import Callable

from grasp.plugins.hookspecs import hookimpl
from grasp.plugins.specs import AgentSpec, ExecutorSpec, GateSpec, MethodSpec

_NONE = "grasp.plugins.parameters:NoParameters"

_PRESETS = {
    "local": "Any OpenAI-compatible endpoint (vLLM, Ollama, llama.cpp, ...).",
    "gptoss": "gpt-oss-120b, self-hosted.",
    "deepseek": "DeepSeek V4 Flash, self-hosted.",
    "gemini": "Gemini 3.1 Flash Lite on Google Vertex AI.",
    "gpt4": "GPT-4.1 on Azure OpenAI.",
    "gpt5": "GPT-5.4 on Azure OpenAI, Responses API.",
    "llamacpp": "A GGUF file, in this process.",
    "recorded": "The answers of a recorded run, offline.",
    "scripted": "A deterministic policy for tests; no model.",
}


@hookimpl
def grasp_register_methods(register: Callable[[MethodSpec], None]) -> None:
    """Register GRASP and the baseline without skills."""
    # Neither has parameters: the loop's settings are GRASP's.
    for name, factory, summary in (
        ("grasp", "grasp.methods.grasp:Grasp", "Skills behind a regression gate."),
        ("no-skills", "grasp.methods.no_skills:NoSkills", "Learns nothing."),
    ):
        register(MethodSpec(name, factory, summary, params_model=_NONE))


@hookimpl
def grasp_register_agents(register: Callable[[AgentSpec], None]) -> None:
    """Register the presets that ship with core."""
    for name, summary in _PRESETS.items():
        options = {"preset": name}
        register(AgentSpec(name, "grasp.agents.loader:load_backend", summary, options=options))


@hookimpl
def grasp_register_gates(register: Callable[[GateSpec], None]) -> None:
    """Register the published gate and those with an error bound."""
    where = "grasp.methods.gate"
    register(GateSpec("paper", f"{where}.paper:PaperGate", "The published rule."))
    register(
        GateSpec(
            "confirm", f"{where}.confirm:ConfirmGate", "Fresh episodes confirm the paper's winner."
        )
    )
    register(
        GateSpec("mcnemar", f"{where}.mcnemar:McNemarGate", "Exact McNemar test, Holm-corrected.")
    )
    register(GateSpec("evalue", f"{where}.evalue:EValueGate", "An anytime-valid e-value."))
    register(
        GateSpec(
            "replicate",
            f"{where}.replicate:ReplicateGate",
            "The best score must replicate on fresh episodes, and break nothing there.",
        )
    )


@hookimpl
def grasp_register_executors(register: Callable[[ExecutorSpec], None]) -> None:
    """Register threads and Ray."""
    register(ExecutorSpec("threads", "grasp.engine.threads:ThreadExecutor", "Threads."))
    register(
        ExecutorSpec(
            "ray",
            "grasp.engine.ray.executor:RayExecutor",
            "The processes of a Ray cluster.",
            requires=("ray",),
        )
    )
