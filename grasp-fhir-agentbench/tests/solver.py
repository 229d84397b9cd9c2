"""Solves the synthetic questions from FHIR resources alone: an independent second opinion.

Its source is what the oracle agent sends to the sandbox, so it imports nothing of ours.
"""

from __future__ import annotations

import statistics
from datetime import datetime, timedelta

PLACES = {"first": 0, "second": 1, "second to last": -2, "last": -1}


def local(text):
    """A time without its offset."""
    return datetime.fromisoformat(text[:19])


def norm(text):
    return " ".join(text.lower().split())


def ident(resource):
    return resource["identifier"][0]["system"].rsplit("/", 1)[1]


class Record:
    def __init__(self, resources):
        get = lambda kind: resources.get(kind, [])  # noqa: E731
        self.patient = (get("Patient") or [None])[0]
        encounters = get("Encounter")
        start = lambda e: local(e["period"]["start"])  # noqa: E731
        self.hospital = sorted((e for e in encounters if ident(e) == "encounter-hosp"), key=start)
        self.icu = sorted((e for e in encounters if ident(e) == "encounter-icu"), key=start)
        self.observations = get("Observation")
        self.requests = sorted(get("MedicationRequest"), key=self.requested)
        self.medications = {m["id"]: m for m in get("Medication")}
        self.specimens = {s["id"]: s for s in get("Specimen")}
        self.locations = {p["id"]: p["name"] for p in get("Location")}
        self.conditions = get("Condition")
        self.procedures = get("Procedure")

    # -- windows

    def window(self, told):
        """A test of (moment, encounter id)."""
        kind = told["kind"]
        if kind == "all":
            return lambda when, encounter: True
        if kind == "time":
            since = datetime.fromisoformat(told["from"])
            until = datetime.fromisoformat(told["to"]) if told["to"] else datetime.max
            return lambda when, encounter: since <= when < until
        pool = self.icu if kind == "icu" else self.hospital
        open_ = told["which"] == "current"
        pool = [e for e in pool if ("end" not in e["period"]) == open_]
        wanted = pool[0] if told["which"] == "first" else pool[-1]
        return lambda when, encounter: encounter == wanted["id"]

    # -- rows: (moment, encounter id, resource)

    def rows_of(self, resources, moment, told):
        inside = self.window(told["window"])
        rows = []
        for resource in resources:
            encounter = resource.get("encounter", {}).get("reference", "").rpartition("/")[2]
            if inside(moment(resource), encounter):
                rows.append(resource)
        return sorted(rows, key=moment)

    def effective(self, resource):
        return local(resource["effectiveDateTime"])

    def labelled(self, told):
        found = [
            o
            for o in self.observations
            if o["code"]["coding"][0].get("display") == told["label"] and "valueQuantity" in o
        ]
        return self.rows_of(found, self.effective, told)

    def outputs(self, told):
        found = [o for o in self.observations if o["category"][0]["coding"][0]["code"] == "Output"]
        return self.rows_of(found, self.effective, told)

    def requested(self, request):
        return local(request["dispenseRequest"]["validityPeriod"]["start"])

    def drug(self, request):
        if "medicationCodeableConcept" in request:
            return norm(request["medicationCodeableConcept"]["coding"][0]["display"])
        medication = self.medications[request["medicationReference"]["reference"].split("/")[1]]
        for identifier in medication["identifier"]:
            if identifier["system"].endswith("mimic-medication-name"):
                return norm(identifier["value"])
        raise ValueError("no name")

    def prescriptions(self, told):
        rows = self.rows_of(self.requests, self.requested, told)
        if "route" in told:
            rows = [
                r
                for r in rows
                if r["dosageInstruction"][0]["route"]["coding"][0]["code"] == told["route"]
            ]
        return rows

    def dose(self, request):
        return request["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["value"]

    def tests(self, told):
        found = [
            o
            for o in self.observations
            if o["code"]["coding"][0]["system"].endswith("mimic-microbiology-test")
        ]
        rows = self.rows_of(found, self.effective, told)
        if "specimen" in told:
            rows = [r for r in rows if self.specimen(r) == norm(told["specimen"])]
        return rows

    def specimen(self, test):
        specimen = self.specimens[test["specimen"]["reference"].split("/")[1]]
        return norm(specimen["type"]["coding"][0]["display"])

    def stays(self, told):
        """Stays in care units: (start, unit, encounter)."""
        rows = []
        for encounter in self.hospital:
            for stay in encounter["location"]:
                unit = self.locations[stay["location"]["reference"].split("/")[1]]
                rows.append((local(stay["period"]["start"]), unit, encounter["id"]))
        if "window" in told:
            inside = self.window(told["window"])
            rows = [r for r in rows if inside(r[0], r[2])]
        return sorted(rows)


def pick(rows, ordinal):
    place = PLACES[ordinal]
    return rows[place] if -len(rows) <= place < len(rows) else None


def value(observation):
    return observation["valueQuantity"]["value"]


def days(span):
    return span.total_seconds() / 86400


def hours(span):
    return span.total_seconds() / 3600


def solve(told, resources):
    """Return the answer: a value, a list of values, or nothing."""
    record, op = Record(resources), told["op"]
    if "label" in told and op != "hours since last":
        return measured(record, told, record.labelled(told))
    if op in ("drug name", "dose", "total dose", "drug count", "drug time"):
        return prescribed(record, told, record.prescriptions(told))
    return OTHERS[op](record, told)


def measured(record, told, rows):
    op = told["op"]
    values = [value(r) for r in rows]
    if op == "count":
        return len(rows)
    if op == "any":
        return bool(rows)
    if op == "ever above":
        return any(v > told["limit"] for v in values)
    if not rows:
        return None
    if op in ("min", "max", "sum", "avg"):
        return {"min": min, "max": max, "sum": sum, "avg": statistics.fmean}[op](values)
    if op == "value":
        return value(pick(rows, told["o"]))
    if op == "time":
        return record.effective(pick(rows, told["o"]))
    if op == "first below":
        return next(record.effective(r) for r in rows if value(r) < told["limit"])
    change = value(pick(rows, told["o"])) - value(pick(rows, told["p"]))
    return change > 0 if op == "greater" else change


def prescribed(record, told, rows):
    op = told["op"]
    if "drug" in told:
        rows = [r for r in rows if record.drug(r) == norm(told["drug"])]
    if op == "drug count":
        return len(rows)
    if not rows:
        return None
    if op == "total dose":
        return sum(record.dose(r) for r in rows)
    row = pick(rows, told["o"])
    return {"drug name": record.drug, "dose": record.dose, "drug time": record.requested}[op](row)


def last_lab(record, told):
    found = [
        record.effective(o)
        for o in record.observations
        if o["code"]["coding"][0].get("display") == told["label"]
    ]
    return hours(datetime.fromisoformat(told["now"]) - max(found)) if found else None


def any_of_drugs(record, told):
    wanted = {norm(d) for d in told["drugs"]}
    return any(record.drug(r) in wanted for r in record.prescriptions(told))


def at_one_time(record, told):
    rows = record.prescriptions(told)
    times = lambda name: {record.requested(r) for r in rows if record.drug(r) == norm(name)}  # noqa: E731
    return bool(times(told["drug"]) & times(told["other"]))


def exactly_twice(record, told):
    names = [record.drug(r) for r in record.prescriptions(told)]
    return sorted({n for n in names if names.count(n) == 2}) or None


def specimen(record, told):
    row = pick(record.tests(told), told["o"])
    return record.specimen(row) if row else None


def organism(record, told):
    row = pick(record.tests(told), told["o"])
    if row is None:
        return None
    grown = {o["id"]: o for o in record.observations}
    return norm(
        grown[row["hasMember"][0]["reference"].split("/")[1]]["code"]["coding"][0]["display"]
    )


def culture_time(record, told):
    row = pick(record.tests(told), told["o"])
    return record.effective(row) if row else None


def visits(record, told, key="start"):
    pool = record.icu if told.get("icu") else record.hospital
    inside = record.window(told["window"])
    pool = [e for e in pool if key in e["period"]]
    return [e for e in pool if inside(local(e["period"][key]), e["id"])]


def visit_time(record, told):
    key = "end" if told["end"] else "start"
    row = pick(visits(record, told, key), told["o"])
    return local(row["period"][key]) if row else None


def emergency(record, told):
    return any(
        e["hospitalization"]["admitSource"]["coding"][0]["code"] == "EMERGENCY ROOM"
        for e in visits(record, told)
    )


def length(record, told):
    pool = record.icu if told["icu"] else record.hospital
    pool = [e for e in pool if "end" in e["period"]]
    row = pick(pool, told["o"])
    return days(local(row["period"]["end"]) - local(row["period"]["start"])) if row else None


def days_here(record, told):
    here = [e for e in record.hospital if "end" not in e["period"]]
    now = datetime.fromisoformat(told["now"])
    return days(now - local(here[0]["period"]["start"])) if here else None


def unit(record, told):
    row = pick(record.stays(told), told["o"])
    return row[1] if row else None


def hours_since_unit(record, told):
    found = [start for start, name, _ in record.stays(told) if name == told["unit"]]
    return hours(datetime.fromisoformat(told["now"]) - min(found)) if found else None


def conditions(record, told):
    inside = record.window(told["window"])
    return [
        c
        for c in record.conditions
        if inside(datetime.max - timedelta(days=1), c["encounter"]["reference"].split("/")[1])
    ]


def diagnosed(record, told):
    return any(
        norm(c["code"]["coding"][0]["display"]) == norm(told["title"])
        for c in conditions(record, told)
    )


def procedures(record, told):
    found = [p for p in record.procedures if p["code"]["coding"][0]["display"] == told["title"]]
    return record.rows_of(found, lambda p: local(p["performedDateTime"]), told)


def procedure_time(record, told):
    row = pick(procedures(record, told), told["o"])
    return local(row["performedDateTime"]) if row else None


def age(record, told):
    now, born = told["now"], record.patient["birthDate"]
    return int(now[:4]) - int(born[:4]) - (now[5:10] < born[5:10])


def output_name(record, told):
    row = pick(record.outputs(told), told["o"])
    return row["code"]["coding"][0]["display"] if row else None


def all_outputs(record, told):
    rows = record.outputs(told)
    return sum(value(r) for r in rows) if rows else None


MARITAL = {"M": "married", "S": "single", "D": "divorced", "W": "widowed"}
OTHERS = {
    "hours since last": last_lab,
    "any of drugs": any_of_drugs,
    "same time": at_one_time,
    "exactly twice": exactly_twice,
    "specimen": specimen,
    "organism": organism,
    "any test": lambda record, told: bool(record.tests(told)),
    "culture time": culture_time,
    "count visits": lambda record, told: len(visits(record, told)),
    "visit time": visit_time,
    "admission times": lambda record, told: (
        [local(e["period"]["start"]) for e in visits(record, told)] or None
    ),
    "emergency": emergency,
    "length": length,
    "days here": days_here,
    "unit": unit,
    "hours since unit": hours_since_unit,
    "any diagnosis": lambda record, told: bool(conditions(record, told)),
    "diagnosed": diagnosed,
    "procedure count": lambda record, told: len(procedures(record, told)),
    "procedure received": lambda record, told: bool(procedures(record, told)),
    "procedure time": procedure_time,
    "gender": lambda record, told: "M" if record.patient["gender"] == "male" else "F",
    "marital status": lambda record, told: MARITAL[
        record.patient["maritalStatus"]["coding"][0]["code"]
    ],
    "birth date": lambda record, told: record.patient["birthDate"],
    "age": age,
    "output name": output_name,
    "all outputs": all_outputs,
}


def say(found):
    """The answer in the words of an agent."""
    if found is None:
        return "There is no such record."
    if isinstance(found, bool):
        return "Yes" if found else "No"
    if isinstance(found, list):
        return ", ".join(str(f) for f in found)
    return str(found)
