from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from typing import Any

import pytest
from click.testing import CliRunner

from grasp.contracts import GraspError
from grasp_medagentbench.cli import medagentbench


def run(*arguments: str) -> Any:
    return CliRunner().invoke(medagentbench, arguments)


def test_help_lists_all_commands() -> None:
    result = run("--help")
    assert result.exit_code == 0
    for command in ("serve", "cohort", "quickstart", "record"):
        assert command in result.output


def test_cohort_as_text_and_json() -> None:
    text = run("cohort", "--source", "synthetic").output
    assert "task5  dev" in text
    assert "do-nothing" in text
    report = json.loads(run("cohort", "--source", "synthetic", "--json").output)
    assert report["branches"]["task6"]["ood"]["many"] == 5
    assert set(report["lazy_scores"]) == {"do-nothing", "say-minus-one", "always-order"}
    assert report["lazy_scores_by_type"]["always-order"]["task3"] == 1.0
    assert report["patients"] + report["decoys"] > 98


def test_cohort_of_the_slice_and_of_a_file(official: Any) -> None:
    report = json.loads(run("cohort", "--task", "medagentbench-magnesium", "--json").output)
    assert report["patients"] == 30
    file = str(official / "test_data_v2.json")
    report = json.loads(run("cohort", "--data-file", file, "--json").output)
    assert report["source"] == "test_data_v2.json"
    assert report["patients"] == 98


def test_errors_are_ours() -> None:
    assert isinstance(run("cohort", "--data-file", "nowhere.json").exception, GraspError)
    result = run("cohort", "--task", "medagentbench-magnesium", "--data-file", "x")
    assert isinstance(result.exception, GraspError)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert isinstance(run("serve", "--port", port).exception, GraspError)


def test_serve_answers_until_interrupted() -> None:
    if sys.platform == "win32":
        pytest.skip("sends a Unix signal")
    import signal

    command = [
        sys.executable, "-u", "-m", "grasp", "medagentbench", "serve", "--port", "0",
        "--source", "synthetic",
    ]  # fmt: skip
    # Programs started by a background job are born deaf to SIGINT.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().split()[-1]
            with urllib.request.urlopen(f"{url}metadata", timeout=20) as answer:
                assert answer.status == 200
            with urllib.request.urlopen(f"{url}Patient?_count=3", timeout=20) as answer:
                assert len(json.load(answer)["entry"]) == 3
            time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()
