"""Distils the published FHIR R4 definitions into the two small tables beside this file.

The input is the folder of HL7's own R4 (4.0.1) bundles, released under CC0:
``profiles-resources.json``, ``profiles-types.json``, ``search-parameters.json`` and
``valuesets.json``. Run it only to rebuild the tables::

    python -m grasp_medagentbench.fhir.definitions.generate FOLDER

Notation of ``structure.json``: ``types[T][element]`` is the element's type followed by
``*`` (repeats), ``!`` (required), ``^`` (part of the summary) and ``=Name`` (a closed
list of codes, ``codes[Name]``). Notation of ``search_parameters.json``:
``[kind, [path:type, …], [target types]]``, a step may carry ``?key=value``, and
``["*"]`` means any target. Elements that every resource or element has are left out.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_FHIRPATH_TYPE = "http://hl7.org/fhirpath/System."
_BINDING_NAME = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bindingName"
#: Elements that every resource, or every element, has; the reader adds them again.
_COMMON = {
    "id",
    "meta",
    "implicitRules",
    "language",
    "text",
    "contained",
    "extension",
    "modifierExtension",
}
#: Required bindings to these are checked elsewhere or are open in practice.
_OPEN_VALUE_SETS = ("mimetypes", "all-types", "resource-types", "currencies", "languages")


def _bundle(folder: Path, name: str) -> list[Json]:
    data = json.loads((folder / name).read_text(encoding="utf-8"))
    return [entry["resource"] for entry in data["entry"]]


def _code(type_: Json) -> str:
    code: str = type_["code"]
    if not code.startswith(_FHIRPATH_TYPE):
        return code
    for extension in type_.get("extension", []):
        if extension["url"].endswith("structuredefinition-fhir-type"):
            return str(extension["valueUrl"])
    return code.removeprefix(_FHIRPATH_TYPE).lower()


class CodeLists:
    """The closed code lists that required bindings name."""

    def __init__(self, folder: Path) -> None:
        resources = _bundle(folder, "valuesets.json")
        self._sets = {r["url"]: r for r in resources if r["resourceType"] == "ValueSet"}
        self._systems = {r["url"]: r for r in resources if r["resourceType"] == "CodeSystem"}
        self.used: dict[str, list[str]] = {}

    def name_for(self, binding: Json) -> str | None:
        """The name under which this binding's codes are kept, None where they are open."""
        url = binding.get("valueSet", "").split("|")[0]
        if url.endswith(_OPEN_VALUE_SETS):
            return None
        codes = self._expand(url)
        if not codes:
            return None
        names = [
            e["valueString"] for e in binding.get("extension", []) if e["url"] == _BINDING_NAME
        ]
        name = re.sub(r"\W", "", names[0]) if names else url.rsplit("/", 1)[-1]
        self.used[name] = codes
        return name

    def _expand(self, url: str) -> list[str]:
        value_set = self._sets.get(url)
        if value_set is None:
            return []
        codes: list[str] = []
        for include in value_set.get("compose", {}).get("include", []):
            if "concept" in include:
                codes += [concept["code"] for concept in include["concept"]]
            elif include.get("filter") or include.get("valueSet"):
                return []
            else:
                system = self._systems.get(include["system"])
                if system is None or system.get("content") != "complete":
                    return []
                codes += _codes_of(system.get("concept", []))
        return codes


def _codes_of(concepts: list[Json]) -> list[str]:
    codes: list[str] = []
    for concept in concepts:
        codes.append(concept["code"])
        codes += _codes_of(concept.get("concept", []))
    return codes


def structure(folder: Path) -> Json:
    """Elements of every resource and datatype, with the code lists they are bound to."""
    lists = CodeLists(folder)
    types: dict[str, dict[str, str]] = {}
    for file in ("profiles-types.json", "profiles-resources.json"):
        for definition in _bundle(folder, file):
            if definition["resourceType"] != "StructureDefinition":
                continue
            if definition["kind"] not in ("complex-type", "resource") or definition["abstract"]:
                continue
            if definition["derivation"] == "specialization":
                _add_type(definition, types, lists)
    return {"types": types, "codes": dict(sorted(lists.used.items()))}


def _add_type(definition: Json, types: dict[str, dict[str, str]], lists: CodeLists) -> None:
    common = _COMMON if definition["kind"] == "resource" else {"id", "extension"}
    for element in definition["snapshot"]["element"][1:]:
        parent, name = element["path"].rsplit(".", 1)
        into = types.setdefault(parent, {})
        nested = "." in parent
        if name in ({"id", "extension", "modifierExtension"} if nested else common):
            continue
        marks = ("*" if element["max"] == "*" else "") + ("!" if element["min"] else "")
        marks += "^" if element.get("isSummary") else ""
        if "contentReference" in element:
            into[name] = element["contentReference"].lstrip("#") + marks
            continue
        binding = element.get("binding", {})
        for type_ in element["type"]:
            code = _code(type_)
            key = name.replace("[x]", code[0].upper() + code[1:])
            bound = None
            if code == "code" and binding.get("strength") == "required":
                bound = lists.name_for(binding)
            if code in ("BackboneElement", "Element") and name != "extension":
                code = element["path"]
            into[key] = code + marks + (f"={bound}" if bound else "")


def search_parameters(folder: Path, types: dict[str, dict[str, str]]) -> Json:
    """The R4 search parameters of every resource type, with paths resolved to JSON keys."""
    resources = {
        definition["name"]
        for definition in _bundle(folder, "profiles-resources.json")
        if definition["resourceType"] == "StructureDefinition" and not definition["abstract"]
    }
    table: dict[str, dict[str, list[Any]]] = {name: {} for name in resources - {"Parameters"}}
    for parameter in _bundle(folder, "search-parameters.json"):
        for base in parameter["base"]:
            if base not in table or parameter["code"].startswith("_"):
                continue
            paths: list[str] = []
            for alternative in parameter.get("expression", "").split("|"):
                if parameter["type"] not in ("composite", "special"):
                    paths += _paths(alternative.strip(), base, types)
            entry: list[Any] = [parameter["type"], paths]
            if parameter["type"] == "reference":
                targets = [t for t in parameter.get("target", []) if t in resources]
                entry.append(targets if len(targets) < len(resources) // 2 else ["*"])
            table.setdefault(base, {})[parameter["code"]] = entry
    return {base: dict(sorted(table[base].items())) for base in sorted(table)}


def _paths(expression: str, base: str, types: dict[str, dict[str, str]]) -> list[str]:
    wanted = None
    if match := re.fullmatch(r"\((\S+) as (\w+)\)(\.\w+)?", expression):
        expression, wanted = match[1] + (match[3] or ""), match[2]
    elif match := re.fullmatch(r"(\S+)\.as\((\w+)\)", expression):
        expression, wanted = match[1], match[2]
    only = re.search(r"\.where\(resolve\(\) is \w+\)", expression)
    expression = expression.replace(only[0], "") if only else expression
    exists = re.fullmatch(r"(\S+)\.exists\(\) and .*", expression)
    expression = exists[1] if exists else expression
    expression = re.sub(r"\.where\((\w+)='([\w-]+)'\)", r"?\1=\2", expression)
    expression = expression.replace("[0]", "")
    root, _, rest = expression.partition(".")
    if not rest:
        root, rest = base, root
    if root != base:
        return []
    found = [("", base)]
    for step in rest.split("."):
        name, _, condition = step.partition("?")
        suffix = f"?{condition}" if condition else ""
        following: list[tuple[str, str]] = []
        for prefix, owner in found:
            for key, spec in types.get(owner, {}).items():
                type_ = re.split(r"[*!^=]", spec)[0]
                chosen = key.startswith(name) and key[len(name) :].lower() == type_.lower()
                if key != name and not chosen:
                    continue
                if chosen and key != name and wanted and type_ != wanted:
                    continue
                following.append((f"{prefix}.{key}{suffix}".lstrip("."), type_))
        found = following
    return [f"{path}:{'exists' if exists and kind != 'boolean' else kind}" for path, kind in found]


def main(folder: Path) -> None:
    """Write both tables beside this file."""
    here = Path(__file__).parent
    shape = structure(folder)
    parameters = search_parameters(folder, shape["types"])
    for name, table in (("structure", shape), ("search_parameters", parameters)):
        text = json.dumps(table, ensure_ascii=False, separators=(",", ":"))
        text = text.replace('},"', '},\n"')
        (here / f"{name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
