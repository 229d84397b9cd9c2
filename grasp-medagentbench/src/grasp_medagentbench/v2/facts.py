"""Facts of MedAgentBench-v2 that instructions, charts and graders share (spec 1.6 and 4)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

#: The present of every record that doesn't state another.
NOW_TEXT = "2023-11-07T22:47:00+00:00"
#: What was stored later is not part of a chart as graders see it.
CUTOFF = datetime(2025, 1, 1, tzinfo=timezone.utc)

#: Codes of abdominal CT studies that were done, and of the study to order.
CT_DONE = ("IMGCT0491", "IMGIL0001")
CT_ORDER = "74177"
CT_INDICATION = "Renal mass follow-up"
KIDNEY_CANCER = "C64.2"
RADIOLOGY_REFERRAL = "CON417"
CATHETER = "NUR1373"
HEART_RATE = "HEARTRATE"
TSH = "TSH"
FREE_T4 = "FT4"
QTC = "QTCINTERVAL"
ECG_SNOMED = "445118002"
INFLUENZA_VACCINE = "90686"
COVID_PROCEDURE = "COVIDVACCINE"
COVID_DRUG_TEXT = "covid-19 vac"
COVID_BOOSTER = "91320"

CPT = "http://www.ama-assn.org/go/cpt"

#: Words by which drugs are known, in lower case.
ANTICOAGULANTS = (
    "heparin", "enoxaparin", "dalteparin", "fondaparinux", "apixaban", "rivaroxaban",
    "dabigatran", "warfarin",
)  # fmt: skip
PROPHYLAXIS_DRUG = "heparin"
PROPHYLAXIS_DOSES = ("5,000", "5000")
OPIOIDS = ("hydromorphone", "oxycodone", "fentanyl", "hydrocodone", "morphine")
OPIOID_ANTIDOTES = ("naloxone", "narcan")
QT_DRUGS = (
    "ondansetron", "prochlorperazine", "haloperidol", "quetiapine", "olanzapine", "risperidone",
    "ziprasidone", "clozapine", "chlorpromazine",
)  # fmt: skip
THYROID_DRUG = "levothyroxine"
THYROID_DOSE = "25"

#: Statuses that discontinue an order.
STOPPED = ("stopped", "cancelled", "completed", "entered-in-error")

CT_INTERVAL = timedelta(days=365)
CANCER_CT_INTERVAL = timedelta(days=90)
CATHETER_LIMIT = timedelta(hours=48)
VACCINE_INTERVAL = timedelta(days=365)
HEART_RATE_WINDOWS = (timedelta(hours=6), timedelta(hours=12))
#: uIU/mL; above it twice, this far apart, calls for treatment.
TSH_HIGH = 10
TSH_APART = timedelta(days=30)
#: uIU/mL and ng/dL, both ends included.
TSH_RAISED = (4.5, 10)
FREE_T4_NORMAL = (0.8, 1.8)
#: Milliseconds; above it the interval is prolonged.
QTC_LIMIT = 500

#: Types that are held out whole, as the out-of-distribution test.
OOD_TYPES = frozenset({"task5", "task7"})
#: The only type that asks for an answer, and may never post.
ANSWER_TYPE = "task3"

_MOMENT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}"
_STATED_NOW = re.compile(rf"It'?s\s+({_MOMENT})\s+now", re.IGNORECASE)
_ANY_MOMENT = re.compile(_MOMENT)


def now_text(record: Mapping[str, Any]) -> str:
    """Return the present that a record states in its context, or the usual one.

    "It's ... now" comes first, else the last complete moment counts. One record of the
    official ones states none that can be read.
    """
    context = str(record.get("context") or "")
    stated = _STATED_NOW.search(context)
    if stated is not None:
        return stated[1]
    moments = _ANY_MOMENT.findall(context)
    return str(moments[-1]) if moments else NOW_TEXT


def now(record: Mapping[str, Any]) -> datetime:
    """Return the present of a record; see ``now_text``.

    Raises:
        ValueError: What it states is not a moment, such as one in a thirteenth month.
    """
    return datetime.fromisoformat(now_text(record))
