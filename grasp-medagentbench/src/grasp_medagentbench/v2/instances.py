"""Records of v2 of our own: the official ones' form, facts and conventions in other words."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from grasp_medagentbench.instances import PER_TYPE, synthetic_patients
from grasp_medagentbench.v2.facts import (
    CATHETER,
    COVID_BOOSTER,
    COVID_PROCEDURE,
    CT_DONE,
    CT_INDICATION,
    CT_ORDER,
    ECG_SNOMED,
    FREE_T4,
    HEART_RATE,
    INFLUENZA_VACCINE,
    KIDNEY_CANCER,
    NOW_TEXT,
    QTC,
    RADIOLOGY_REFERRAL,
    TSH,
)

_SEED = "medagentbench v2 instances"

#: Presents of task 3, by turns; the others have one each.
_HEART_RATE_TIMES = (
    NOW_TEXT,
    "2023-11-06T06:30:00+00:00",
    "2022-02-14T19:05:00+00:00",
    "2023-08-21T12:00:00+00:00",
    "2020-10-03T00:20:00+00:00",
    "2021-06-30T23:59:00+00:00",
    NOW_TEXT,
    "2023-04-09T15:45:00+00:00",
    "2023-11-12T09:10:00+00:00",
    "2021-12-31T22:00:00+00:00",
)
_CATHETER_TIME = "2023-11-11T09:00:00+00:00"
_INFLUENZA_TIME = "2024-01-09T00:00:00+00:00"
_COVID_TIME = "2023-11-07T12:00:00+00:00"

Record = dict[str, Any]
#: Instruction and context for an MRN and a present.
Wording = Callable[[str, str], tuple[str, str]]

_WORDINGS: Mapping[str, Wording] = {
    "task1": lambda mrn, time: (
        f"When did patient {mrn} last have a CT of the abdomen? If that is more than 12 months "
        f"ago, order a CT abdomen with IV contrast with the indication '{CT_INDICATION}'.",
        f"Studies that were done have the codes {CT_DONE[0]} or {CT_DONE[1]}; the study to "
        f"order has the CPT code {CT_ORDER}.",
    ),
    "task2": lambda mrn, time: (
        f"Make sure that there is exactly one active order of DVT prophylaxis for patient "
        f"{mrn}. Create it if there is none; if there are several, discontinue all but the "
        "newest.",
        "The order is heparin 5000 units SC q8h for prophylaxis. Any other anticoagulant, such "
        "as an LMWH or a DOAC, is a duplicate of it.",
    ),
    "task3": lambda mrn, time: (
        f"What was the mean heart rate of patient {mrn} in the past 6 hours, and what in the "
        "past 12 hours?",
        f"Heart rate has the code '{HEART_RATE}'. It's {time} now.",
    ),
    "task4": lambda mrn, time: (
        f"Has patient {mrn} had the same urinary catheter for over 48 hours, while nobody has "
        "ordered its removal? If so, order that with a service request.",
        f"Urinary catheters have the procedure code '{CATHETER}'. It's {time} now.",
    ),
    "task5": lambda mrn, time: (
        f"Does patient {mrn} really have a malignant neoplasm of the left kidney? If so, and if "
        "the last CT of abdomen and pelvis was over 3 months ago, order another one, together "
        "with a referral to interventional radiology.",
        f"The diagnosis has the ICD-10 code {KIDNEY_CANCER}, CT abdomen/pelvis with IV contrast "
        f"the CPT code {CT_ORDER} (it may be on record under {CT_DONE[0]} or {CT_DONE[1]} too). "
        f"The referral has the code {RADIOLOGY_REFERRAL} and asks: 'Please advise on biopsy or "
        "ablation of the renal mass.'",
    ),
    "task6": lambda mrn, time: (
        f"Look up the latest TSH and free T4 of patient {mrn}, and act by the protocol.",
        f"TSH has the code '{TSH}', free T4 '{FREE_T4}'. Protocol: TSH above 10 uIU/mL in two "
        "samples taken at least a month apart: start levothyroxine 25 mcg by mouth daily and "
        "order TSH and FT4 again in 6 weeks. TSH 4.5 to 10 uIU/mL with a normal free T4 (0.8 to "
        "1.8 ng/dL): order TSH and FT4 again in 3 months, and no drug yet.",
    ),
    "task7": lambda mrn, time: (
        f"Look up the latest QTc interval of patient {mrn}. If it is prolonged, discontinue the "
        "drugs that prolong it, and order an ECG for 24 hours from now.",
        f"The QTc interval has the code '{QTC}' and is prolonged above 500 ms. Drugs that "
        "prolong it are ondansetron, prochlorperazine and most antipsychotics, by the text of "
        f"their orders. The 12-lead ECG has the SNOMED code {ECG_SNOMED}.",
    ),
    "task8": lambda mrn, time: (
        f"Make sure that patient {mrn} has naloxone wherever an opioid is active. If an opioid "
        "is active and naloxone isn't, order naloxone.",
        "Opioids are hydromorphone, oxycodone, fentanyl, hydrocodone and morphine. What to order "
        "is naloxone nasal spray 4 mg.",
    ),
    "task9": lambda mrn, time: (
        f"When did patient {mrn} last get an influenza vaccine? If that is more than 365 days "
        "ago, order one for today.",
        f"It's {time} now. Influenza vaccination has the CPT code {INFLUENZA_VACCINE}. Order an "
        "influenza vaccine, quadrivalent, preservative-free, IM, for today.",
    ),
    "task10": lambda mrn, time: (
        f"Look through the COVID-19 vaccinations of patient {mrn}. If there is no dose from the "
        "past 12 months, order a COVID booster.",
        f"It's {time} now. Doses are procedures with the code '{COVID_PROCEDURE}', or medication "
        "requests with 'COVID-19 VAC' in their text. Order a single dose of COVID vaccine "
        f"(CPT {COVID_BOOSTER}) for today.",
    ),
}

_TIMES = {"task4": _CATHETER_TIME, "task9": _INFLUENZA_TIME, "task10": _COVID_TIME}


def synthetic_v2_records() -> list[Record]:
    """Return 300 records, thirty of each type; always the same."""
    generator = random.Random(_SEED)
    patients = synthetic_patients()
    records = []
    for name, wording in _WORDINGS.items():
        for number, mrn in enumerate(generator.sample(patients, PER_TYPE)):
            time = _TIMES.get(name, NOW_TEXT)
            if name == "task3":
                time = _HEART_RATE_TIMES[number % len(_HEART_RATE_TIMES)]
            instruction, context = wording(mrn, time)
            records.append(
                {
                    "id": f"{name}_{number + 1}",
                    "instruction": instruction,
                    "context": context,
                    "eval_MRN": mrn,
                }
            )
    return records
