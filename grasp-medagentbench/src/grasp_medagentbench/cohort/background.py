"""What else a chart holds: resources that no task reads, enough to fill pages (spec 8.4)."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from grasp_medagentbench.cohort.resources import (
    Resource,
    condition,
    lab,
    medication_request,
    procedure,
    service_request,
    vital,
)
from grasp_medagentbench.facts import NOW

# No entry contains a word that a grader of v1 or v2 looks for in texts.
_DRUGS = (
    ("acetaminophen 325 mg tablet", (650, "mg", "Oral")),
    ("albuterol 90 mcg/actuation inhaler", (2, "puff", "Inhalation")),
    ("amlodipine 5 mg tablet", (5, "mg", "Oral")),
    ("atorvastatin 40 mg tablet", (40, "mg", "Oral")),
    ("cetirizine 10 mg tablet", (10, "mg", "Oral")),
    ("docusate sodium 100 mg capsule", (100, "mg", "Oral")),
    ("famotidine 20 mg tablet", (20, "mg", "Oral")),
    ("azelastine 137 mcg nasal spray", (1, "spray", "Nasal")),
    ("gabapentin 300 mg capsule", (300, "mg", "Oral")),
    ("hydrochlorothiazide 25 mg tablet", (25, "mg", "Oral")),
    ("insulin glargine 100 units/mL pen", (12, "units", "Subcutaneous")),
    ("latanoprost 0.005 % eye drops", (1, "drop", "Ophthalmic")),
    ("lisinopril 10 mg tablet", (10, "mg", "Oral")),
    ("metformin 500 mg tablet", (500, "mg", "Oral")),
    ("metoprolol tartrate 25 mg tablet", (25, "mg", "Oral")),
    ("pantoprazole 40 mg tablet", (40, "mg", "Oral")),
    ("polyethylene glycol 17 g powder", (17, "g", "Oral")),
    ("tamsulosin 0.4 mg capsule", (0.4, "mg", "Oral")),
    ("vitamin D3 1,000 unit tablet", (1000, "units", "Oral")),
)
_STATUSES = ("active", "active", "active", "completed", "stopped")
#: Code, unit, lowest and highest value in tenths.
_LABS = (
    ("NA", "mmol/L", 1320, 1460),
    ("CL", "mmol/L", 960, 1080),
    ("CREA", "mg/dL", 5, 19),
    ("BUN", "mg/dL", 70, 310),
    ("CA", "mg/dL", 82, 104),
    ("PHOS", "mg/dL", 24, 47),
    ("HGB", "g/dL", 82, 162),
    ("WBC", "K/uL", 34, 142),
    ("PLT", "K/uL", 1100, 3900),
    ("ALB", "g/dL", 24, 48),
    ("TBIL", "mg/dL", 2, 16),
)
_PROBLEMS = (
    ("E11.9", "Type 2 diabetes mellitus without complications"),
    ("E78.5", "Hyperlipidemia, unspecified"),
    ("G47.33", "Obstructive sleep apnea"),
    ("I10", "Essential hypertension"),
    ("J45.909", "Unspecified asthma, uncomplicated"),
    ("K21.9", "Gastro-esophageal reflux disease"),
    ("M54.50", "Low back pain, unspecified"),
    ("M17.11", "Primary osteoarthritis of right knee"),
    ("N40.0", "Benign prostatic hyperplasia"),
    ("Z87.891", "Personal history of nicotine dependence"),
)
_PROCEDURES = (
    ("36415", "Collection of venous blood"),
    ("45378", "Diagnostic colonoscopy"),
    ("71046", "Chest X-ray, two views"),
    ("76700", "Abdominal ultrasound"),
    ("93000", "Electrocardiogram with interpretation"),
    ("93306", "Transthoracic echocardiography"),
    ("97110", "Therapeutic exercises"),
)
_SERVICES = (
    ("80053", "Comprehensive metabolic panel"),
    ("85025", "Complete blood count"),
    ("97161", "Physical therapy evaluation"),
)


def background(mrn: str, generator: random.Random) -> list[list[Resource]]:
    """Return blocks of resources for one chart, none of which changes any answer."""
    some = generator.randint

    def when(days: int) -> datetime:
        return NOW - timedelta(minutes=some(90, days * 24 * 60))

    drugs = [
        medication_request(mrn, text, generator.choice(_STATUSES), dose, when(500))
        for text, dose in generator.sample(_DRUGS, some(5, 15))
    ]
    labs = [
        lab(mrn, code, some(low, high) / 10, unit, when(300))
        for code, unit, low, high in generator.sample(_LABS, some(3, 8))
        for _ in range(some(1, 2))
    ]
    vitals = []
    for _ in range(some(1, 3)):
        time = when(200)
        vitals += [
            vital(mrn, "BP", f"{some(98, 158)}/{some(58, 96)} mmHg", time),
            vital(mrn, "TEMP", f"{some(361, 379) / 10} Cel", time),
            vital(mrn, "RESP", f"{some(11, 22)} /min", time),
        ]
    problems = [
        condition(mrn, code, text, generator.random() < 0.8, when(3000))
        for code, text in generator.sample(_PROBLEMS, some(2, 5))
    ]
    procedures = [
        procedure(mrn, code, text, when(1500))
        for code, text in generator.sample(_PROCEDURES, some(2, 6))
    ]
    services = [
        service_request(mrn, code, text, generator.choice(("active", "completed")), when(300))
        for code, text in generator.sample(_SERVICES, some(0, 2))
    ]
    return [drugs, labs, vitals, problems, procedures, services]
