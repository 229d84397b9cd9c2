"""Templates of prompts: a file says which messages there are, whatever the facts hold."""

from __future__ import annotations

from collections.abc import Mapping

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grasp.methods.templates import Templates

FILES = {
    "one": "So {{ x }}.\n",
    "some": "@@ system\nYou are {{ x }}.\n\n@@ user \n{% for n in [1, 2] %}\n{{ n }}{{ x }}\n"
    "{% endfor %}\n@@ agent\n{% include 'one.md.j2' %}\n@@ user\n{{ x | loud }}\n",
}


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    folder = tmp_path_factory.mktemp("packages")
    prompts = folder / "templated_package" / "prompts"
    prompts.mkdir(parents=True)
    (prompts.parent / "__init__.py").touch()
    for name, text in FILES.items():
        (prompts / f"{name}.md.j2").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        found = Templates("templated_package", {"loud": str.upper})
        found.fill("one", x="")
        return found


def expected(x: str) -> list[Mapping[str, str]]:
    return [
        {"role": "system", "content": f"You are {x}."},
        {"role": "user", "content": f"1{x}\n2{x}".strip()},
        {"role": "agent", "content": f"So {x}."},
        {"role": "user", "content": x.upper().strip()},
    ]


def test_marks_of_a_file_start_messages(templates: Templates) -> None:
    assert templates.fill("one", x="it") == [{"role": "user", "content": "So it."}]
    assert templates.fill("some", x="it") == expected("it")


@given(st.lists(st.sampled_from(["@@ user", "@@ system", "@@ agent", "\n", " ", "{{ x }}", "o"])))
def test_no_fact_starts_one(templates: Templates, parts: list[str]) -> None:
    x = "".join(parts)
    assert templates.fill("some", x=x) == expected(x)
    assert templates.fill("one", x=x) == [{"role": "user", "content": f"So {x}."}]


def test_a_fact_that_is_missing(templates: Templates) -> None:
    with pytest.raises(jinja2.UndefinedError):
        templates.fill("one")
    with pytest.raises(jinja2.TemplateNotFound):
        templates.fill("none")
