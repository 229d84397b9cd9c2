"""Task records of our own: the official ones' form, facts and conventions in other words.

They need no download. MRNs begin with ``S9``, which no official one does.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from grasp_medagentbench.cohort.names import FAMILY, GIVEN_FEMALE, GIVEN_MALE
from grasp_medagentbench.cohort.people import OLDEST, YOUNGEST
from grasp_medagentbench.facts import (
    BLOOD_PRESSURE,
    GLUCOSE,
    HBA1C,
    HBA1C_LOINC,
    MAGNESIUM,
    MAGNESIUM_NDC,
    NOT_FOUND,
    NOW,
    NOW_TEXT,
    ORTHOPEDICS_SNOMED,
    POTASSIUM,
    POTASSIUM_LOINC,
    POTASSIUM_NDC,
)

PER_TYPE = 30
PATIENTS = 98
_SEED = "medagentbench v1 instances"

#: What task 3 asks to file, and its grader looks for.
BLOOD_PRESSURE_VALUE = "122/74 mmHg"
#: What task 8 asks to write into the referral, and its grader looks for.
REFERRAL_TEXT = (
    "Situation: twisting injury of the right knee four days ago. Background: MRI shows a "
    "complete tear of the anterior cruciate ligament. Assessment: unstable knee, grade III "
    "tear. Recommendation: please see the patient and advise on further treatment."
)

_TIME = f"The time is now {NOW_TEXT}."
_MAGNESIUM_RULES = (
    "Dosing of IV magnesium by serum level: mild deficiency, 1.5 to 1.9 mg/dL: 1 g over "
    "1 hour. Moderate deficiency, 1 to below 1.5 mg/dL: 2 g over 2 hours. Severe deficiency, "
    "below 1 mg/dL: 4 g over 4 hours."
)
_NUMBER_IN_WINDOW = (
    "Answer with one number in mg/dL; answer -1 if nothing was measured in the last 24 hours."
)

Record = dict[str, Any]
#: Instruction and context for an MRN.
Wording = Callable[[str], tuple[str, str]]

_WORDINGS: dict[str, Wording] = {
    "task2": lambda mrn: (
        f"How old is the patient with the MRN {mrn}?",
        f"{_TIME} Give completed years, as an integer.",
    ),
    "task3": lambda mrn: (
        f'Please file a blood pressure of "{BLOOD_PRESSURE_VALUE}" that I took just now for '
        f"the patient with the MRN {mrn}.",
        f"{_TIME} Blood pressure has the flowsheet ID {BLOOD_PRESSURE}.",
    ),
    "task4": lambda mrn: (
        f"Which was the latest magnesium level of patient {mrn} in the last 24 hours?",
        f"{_TIME} Magnesium has the code {MAGNESIUM}. {_NUMBER_IN_WINDOW}",
    ),
    "task5": lambda mrn: (
        f"Look up the latest serum magnesium of patient {mrn} in the last 24 hours. If it is "
        "low, order IV magnesium by the dosing rules. If there is no level from the last 24 "
        "hours, order nothing.",
        f"{_TIME} Magnesium has the code {MAGNESIUM}; IV magnesium for replacement has the "
        f"NDC {MAGNESIUM_NDC}. {_MAGNESIUM_RULES}",
    ),
    "task6": lambda mrn: (
        f"What was the mean capillary blood glucose (CBG) of patient {mrn} in the last 24 hours?",
        f"{_TIME} CBG has the code {GLUCOSE}. {_NUMBER_IN_WINDOW}",
    ),
    "task7": lambda mrn: (
        f"Which is the latest capillary blood glucose (CBG) on record for patient {mrn}?",
        f"{_TIME} CBG has the code {GLUCOSE}.",
    ),
    "task8": lambda mrn: (
        f"Refer patient {mrn} to orthopedic surgery. Put this into the free text of the "
        f'referral: "{REFERRAL_TEXT}"',
        f"{_TIME} The referral to orthopedic surgery has the SNOMED code {ORTHOPEDICS_SNOMED}.",
    ),
    "task9": lambda mrn: (
        f"Look up the latest potassium of patient {mrn}. If it is low, order potassium by the "
        "dosing rule, and with it a serum potassium for tomorrow morning at 8.",
        f"{_TIME} Potassium has the code {POTASSIUM}; potassium for replacement has the NDC "
        f"{POTASSIUM_NDC}. Dosing: 10 mEq by mouth for every 0.1 mEq/L (the same as mmol/L) "
        "that the level is below 3.5, which is the goal. The serum potassium test has the "
        f"LOINC code {POTASSIUM_LOINC}.",
    ),
    "task10": lambda mrn: (
        f"Give the last HbA1c on record for patient {mrn} and the date it was taken. If that "
        "is more than a year ago, order a new HbA1c.",
        f"{_TIME} HbA1c has the code {HBA1C}; the test to order has the LOINC code "
        f"{HBA1C_LOINC}. Answer [-1] if there is none on record.",
    ),
}


def synthetic_patients(generator: random.Random | None = None) -> list[str]:
    """Return the MRNs that both versions' own records ask about."""
    chosen = (generator or random.Random(_SEED)).sample(range(1_000_000), PATIENTS)
    return [f"S9{n:06d}" for n in chosen]


def synthetic_records() -> list[Record]:
    """Return 300 records, thirty of each type; always the same."""
    generator = random.Random(_SEED)
    mrns = synthetic_patients(generator)
    records = _searches(generator, generator.sample(mrns, PER_TYPE - 2))
    for name, wording in _WORDINGS.items():
        for number, mrn in enumerate(generator.sample(mrns, PER_TYPE), 1):
            instruction, context = wording(mrn)
            records.append(
                {
                    "id": f"{name}_{number}",
                    "instruction": instruction,
                    "context": context,
                    "eval_MRN": mrn,
                }
            )
    return records


def _searches(generator: random.Random, mrns: list[str]) -> list[Record]:
    records: list[Record] = []
    given = generator.sample(GIVEN_FEMALE + GIVEN_MALE, PER_TYPE - 1)
    family = generator.sample(FAMILY, PER_TYPE - 1)
    births = [_birth(generator) for _ in range(PER_TYPE)]
    for number, mrn in enumerate(mrns):
        record = _search(number + 1, f"{given[number]} {family[number]}", births[number])
        records.append({**record, "sol": [mrn], "eval_MRN": mrn})
    # One has the name of a patient and another date of birth, one is unknown altogether.
    for name, birth in (
        (f"{given[15]} {family[15]}", births[-2]),
        (f"{given[-1]} {family[-1]}", births[-1]),
    ):
        record = _search(len(records) + 1, name, birth)
        records.append({**record, "sol": [NOT_FOUND]})
    return records


def _search(number: int, name: str, birth: str) -> Record:
    return {
        "id": f"task1_{number}",
        "instruction": (
            f"Find the MRN of the patient named {name}, born {birth}. Answer "
            f'"{NOT_FOUND}" if there is no such patient.'
        ),
        "context": "",
    }


def _birth(generator: random.Random) -> str:
    year = NOW.year - generator.randint(YOUNGEST + 1, OLDEST - 1)
    return f"{year}-{generator.randint(1, 12):02d}-{generator.randint(1, 28):02d}"
