"""Medication orders that tasks 2, 7, 8 and 10 read; each group has words of its own."""

from __future__ import annotations

from datetime import datetime

from grasp_medagentbench.cohort.resources import Resource, medication_request, procedure
from grasp_medagentbench.v2.cohort.cycle import DAY, Chance, Turns
from grasp_medagentbench.v2.facts import COVID_PROCEDURE

Drug = tuple[str, tuple[float, str, str]]

_HEPARIN: tuple[Drug, ...] = (
    ("heparin (porcine) 5,000 units/mL injection", (5000, "units", "Subcutaneous")),
    ("heparin 5000 units subcutaneous every 8 hours", (5000, "units", "Subcutaneous")),
)
_ANTICOAGULANTS: tuple[Drug, ...] = (
    ("enoxaparin 40 mg/0.4 mL syringe", (40, "mg", "Subcutaneous")),
    ("apixaban 2.5 mg tablet", (2.5, "mg", "Oral")),
    ("dalteparin 5,000 units/0.2 mL syringe", (5000, "units", "Subcutaneous")),
    ("rivaroxaban 10 mg tablet", (10, "mg", "Oral")),
    ("warfarin 2 mg tablet", (2, "mg", "Oral")),
    ("fondaparinux 2.5 mg/0.5 mL syringe", (2.5, "mg", "Subcutaneous")),
    ("dabigatran 110 mg capsule", (110, "mg", "Oral")),
)
_QT_DRUGS: tuple[Drug, ...] = (
    ("ondansetron 4 mg tablet", (4, "mg", "Oral")),
    ("haloperidol 2 mg tablet", (2, "mg", "Oral")),
    ("prochlorperazine 10 mg tablet", (10, "mg", "Oral")),
    ("QUEtiapine 50 mg tablet", (50, "mg", "Oral")),
    ("OLANZapine 5 mg tablet", (5, "mg", "Oral")),
    ("risperiDONE 1 mg tablet", (1, "mg", "Oral")),
    ("ziprasidone 20 mg capsule", (20, "mg", "Oral")),
    ("clozapine 25 mg tablet", (25, "mg", "Oral")),
)
_OPIOIDS: tuple[Drug, ...] = (
    ("oxyCODONE 5 mg immediate release tablet", (5, "mg", "Oral")),
    ("HYDROmorphone 2 mg tablet", (2, "mg", "Oral")),
    ("fentanyl 12 mcg/hr patch", (1, "patch", "Transdermal")),
    ("hydrocodone-acetaminophen 5-325 mg tablet", (1, "tablet", "Oral")),
    ("morphine 15 mg extended release tablet", (15, "mg", "Oral")),
)
_NALOXONE: tuple[Drug, ...] = (
    ("naloxone 4 mg/actuation nasal spray", (4, "mg", "Nasal")),
    ("NARCAN 4 MG NASAL SPRAY", (4, "mg", "Nasal")),
)
_COVID_DRUGS: tuple[Drug, ...] = (
    ("COVID-19 VAC, MRNA 30 MCG/0.3 ML INTRAMUSCULAR", (0.3, "mL", "Intramuscular")),
    ("covid-19 vac, subunit, adjuvanted 5 mcg/0.5 mL injection", (0.5, "mL", "Intramuscular")),
)


class Drugs:
    """Makes orders."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._heparin = Turns(*_HEPARIN)
        self._anticoagulants = Turns(*_ANTICOAGULANTS)
        self._qt = Turns(*_QT_DRUGS)
        self._opioids = Turns(*_OPIOIDS)
        self._naloxone = Turns(*_NALOXONE)
        self._covid = Turns(*_COVID_DRUGS)
        self._over = Turns("stopped", "completed")
        # Days; to the day a year ago is not yet more than a year ago.
        self._covid_ages = {
            "old": Turns(366, 400, 600, 367, 450),
            "recent": Turns(364, 200, 365, 90, 300, 30),
        }
        self._turn = 0

    def anticoagulants(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return orders for a branch of task 2."""
        self._turn += 1
        active = {
            "zero": [],
            "one": [self._heparin],
            "one and other": [self._heparin, self._anticoagulants],
            "two": [self._heparin, self._heparin],
            "other": [self._anticoagulants],
        }[branch]
        orders = [
            self._order(mrn, drugs.take(), "active", self._recently(present)) for drugs in active
        ]
        if self._turn % 4:  # What was stopped doesn't count.
            former = self._heparin if self._turn % 4 < 3 else self._anticoagulants
            orders.append(self._over_order(mrn, former, present))
        return self._chance.shuffled(orders)

    def qt_drugs(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return orders for a branch of task 7: whoever has to stop one takes one or two."""
        self._turn += 1
        count = 1 + self._turn % 2 if branch == "prolonged" else self._turn % 2
        orders = [
            self._order(mrn, self._qt.take(), "active", self._recently(present))
            for _ in range(count)
        ]
        if self._turn % 3 == 0:
            orders.append(self._over_order(mrn, self._qt, present))
        return self._chance.shuffled(orders)

    def opioids(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return orders for a branch of task 8."""
        self._turn += 1
        count = {"none": 0, "stopped": 0, "covered": 1 + self._turn % 2, "two bare": 2}
        orders = [
            self._order(mrn, self._opioids.take(), "active", self._recently(present))
            for _ in range(count.get(branch, 1))
        ]
        if branch == "covered" or (branch in ("none", "stopped") and self._turn % 3 == 0):
            drug = self._naloxone.take()
            orders.append(self._order(mrn, drug, "active", self._recently(present)))
        if branch == "stopped" or (branch != "none" and self._turn % 4 == 0):
            orders.append(self._over_order(mrn, self._opioids, present))
        if branch.endswith("bare") and self._turn % 3 == 0:  # No longer there to help.
            orders.append(self._over_order(mrn, self._naloxone, present))
        return self._chance.shuffled(orders)

    def covid(self, mrn: str, branch: str, present: datetime) -> list[Resource]:
        """Return doses for a branch of task 10, as procedures and as completed orders."""
        if branch == "never":
            return []
        self._turn += 1
        age, _, kind = branch.partition(" ")
        last = present - self._covid_ages[age].take() * DAY
        before = self._chance.before(last, 60 * DAY, 400 * DAY)
        doses = [self._dose(mrn, kind == "drug", last)]
        if self._turn % 3:  # An older dose of the other kind.
            doses.append(self._dose(mrn, kind != "drug", before))
        return self._chance.shuffled(doses)

    def _dose(self, mrn: str, as_order: bool, time: datetime) -> Resource:
        if as_order:
            return self._order(mrn, self._covid.take(), "completed", time)
        return procedure(mrn, COVID_PROCEDURE, "COVID-19 immunization", time)

    def _order(self, mrn: str, drug: Drug, status: str, authored: datetime) -> Resource:
        text, dose = drug
        return medication_request(mrn, text, status, dose, authored)

    def _over_order(self, mrn: str, drugs: Turns[Drug], present: datetime) -> Resource:
        authored = self._chance.before(present, 60 * DAY, 500 * DAY)
        return self._order(mrn, drugs.take(), self._over.take(), authored)

    def _recently(self, present: datetime) -> datetime:
        return self._chance.before(present, DAY / 24, 40 * DAY)
