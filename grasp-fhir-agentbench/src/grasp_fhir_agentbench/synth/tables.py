"""The tables of the synthetic hospital, patient by patient, as MIMIC-IV has them (spec, 9.1)."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache

from grasp_fhir_agentbench.synth import vocabulary as words

#: Far from any real patient's number.
FIRST_SUBJECT = 90_000_001

_MARITAL = ("MARRIED", "SINGLE", "DIVORCED", "WIDOWED")
_CLASSES = ("EW EMER.", "URGENT", "ELECTIVE", "OBSERVATION ADMIT")


@dataclass(frozen=True)
class Admission:
    """A hospital visit; ``end`` is ``None`` while the patient is still there."""

    hadm_id: int
    start: datetime
    end: datetime | None
    kind: str
    via_emergency: bool


@dataclass(frozen=True)
class Stay:
    """A stay in an ICU, or (``hadm_id`` alone) in the emergency department."""

    stay_id: int
    hadm_id: int
    start: datetime
    end: datetime | None
    unit: str


@dataclass(frozen=True)
class Transfer:
    """A stay in a care unit, part of a hospital visit."""

    hadm_id: int
    start: datetime
    end: datetime | None
    unit: str


@dataclass(frozen=True)
class Coded:
    """A diagnosis or a procedure; diagnoses have no day."""

    hadm_id: int
    number: int
    code: str
    title: str
    day: date | None = None


@dataclass(frozen=True)
class Lab:
    """A laboratory value."""

    labevent_id: int
    hadm_id: int | None
    what: words.Measured
    when: datetime
    value: float


@dataclass(frozen=True)
class Charted:
    """A value charted, or a volume measured, in an ICU stay."""

    stay_id: int
    hadm_id: int
    what: words.Measured
    when: datetime
    value: float


@dataclass(frozen=True)
class Prescription:
    """A drug ordered; ``name`` is how this row spells it."""

    pharmacy_id: int
    hadm_id: int
    drug: words.Drug
    name: str
    start: datetime
    stop: datetime
    dose: float
    route: str


@dataclass(frozen=True)
class Culture:
    """A microbiology test of one specimen; ``organism`` is ``None`` where nothing grew."""

    micro_specimen_id: int
    hadm_id: int
    specimen: tuple[str, str]
    test: tuple[str, str]
    when: datetime
    organism: tuple[str, str] | None


@dataclass
class Chart:
    """All rows of one patient, each table in order of time."""

    subject_id: int
    gender: str
    birth: date
    marital: str
    anchor_year: int
    admissions: list[Admission] = field(default_factory=list)
    emergency: list[Stay] = field(default_factory=list)
    icu: list[Stay] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    diagnoses: list[Coded] = field(default_factory=list)
    procedures: list[Coded] = field(default_factory=list)
    labs: list[Lab] = field(default_factory=list)
    vitals: list[Charted] = field(default_factory=list)
    outputs: list[Charted] = field(default_factory=list)
    prescriptions: list[Prescription] = field(default_factory=list)
    cultures: list[Culture] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        """The present, as the questions assume it."""
        return datetime(self.anchor_year, 12, 31, 23, 59)


@lru_cache(maxsize=4)
def charts(seed: int, patients: int) -> tuple[Chart, ...]:
    """Return the charts of a seed; the same at every call, in every process."""
    return tuple(_chart(seed, FIRST_SUBJECT + i, i) for i in range(patients))


def _chart(seed: int, subject: int, index: int) -> Chart:
    rng = random.Random(f"synth-mimic/{seed}/{subject}")
    anchor = rng.randint(2110, 2180)
    age = rng.randint(24, 88)
    chart = Chart(
        subject,
        rng.choice("MF"),
        date(anchor - age, rng.randint(1, 12), rng.randint(1, 28)),
        rng.choice(_MARITAL),
        anchor,
    )
    ids = _Ids(subject)
    # Shares over the cohort hold whatever the seed: by index, not by chance.
    still_here = index % 7 == 2
    in_anchor_year = index % 7 != 5
    _admit(chart, rng, ids, still_here=still_here, in_anchor_year=in_anchor_year)
    for admission in chart.admissions:
        _fill(chart, rng, ids, admission)
    for table in (chart.labs, chart.vitals, chart.outputs, chart.cultures):
        table.sort(key=lambda row: row.when)
    chart.prescriptions.sort(key=lambda row: row.start)
    return chart


class _Ids:
    """Numbers for rows, none of them used twice in the cohort."""

    def __init__(self, subject: int) -> None:
        self._next = (subject - FIRST_SUBJECT) * 10_000 + 1

    def __call__(self, base: int) -> int:
        self._next += 1
        return base + self._next


def _admit(
    chart: Chart, rng: random.Random, ids: _Ids, *, still_here: bool, in_anchor_year: bool
) -> None:
    count = rng.randint(2, 4)
    last_year = chart.anchor_year if in_anchor_year else chart.anchor_year - 1
    years = sorted({last_year, *(last_year - rng.randint(0, 3) for _ in range(count - 1))})
    starts: list[datetime] = []
    for year in years:
        some = 2 if year == last_year or rng.random() < 0.4 else 1
        quarters = sorted(rng.sample(range(4), some))
        starts += [_moment(rng, datetime(year, 1 + 3 * q, 2), 70) for q in quarters]
    starts = starts[-5:]
    for start in starts:
        end = start + timedelta(hours=rng.randint(40, 300), minutes=rng.randint(1, 50))
        chart.admissions.append(_admission(rng, ids, start, end))
    if still_here:
        start = _moment(rng, datetime(chart.anchor_year, 12, 18), 9)
        chart.admissions.append(_admission(rng, ids, start, None))


def _admission(rng: random.Random, ids: _Ids, start: datetime, end: datetime | None) -> Admission:
    kind = rng.choice(_CLASSES)
    return Admission(ids(20_000_000), start, end, kind, rng.random() < 0.5)


def _moment(rng: random.Random, after: datetime, days: int) -> datetime:
    return after + timedelta(days=rng.randrange(days), minutes=rng.randrange(24 * 60))


def _fill(chart: Chart, rng: random.Random, ids: _Ids, admission: Admission) -> None:
    end = admission.end or chart.now - timedelta(hours=rng.randint(3, 20))
    hours = int((end - admission.start).total_seconds() // 3600)
    start = admission.start
    _move(chart, rng, ids, admission, hours)
    for number, (code, title) in enumerate(rng.sample(words.DIAGNOSES, rng.randint(3, 10)), 1):
        spelt = title.upper() if rng.random() < 0.1 else title + " " * (rng.random() < 0.1)
        chart.diagnoses.append(Coded(admission.hadm_id, number, code, spelt))
    done = [rng.choice(words.PROCEDURES) for _ in range(rng.randint(0, 4))]
    days = sorted(start.date() + timedelta(days=rng.randint(0, max(0, hours // 24))) for _ in done)
    for number, ((code, title), day) in enumerate(zip(done, days, strict=True), 1):
        chart.procedures.append(Coded(admission.hadm_id, number, code, title, day))
    usual = rng.sample(words.LABS, 8)
    for what in usual:
        for when in _times(rng, start, hours, rng.randint(1, 4)):
            chart.labs.append(
                Lab(ids(30_000_000), admission.hadm_id, what, when, _value(rng, what))
            )
    if rng.random() < 0.5 and admission.end is not None:  # A visit to the laboratory alone.
        when = _moment(rng, admission.end + timedelta(days=2), 10)
        if when < chart.now:
            for what in rng.sample(usual, 2):
                chart.labs.append(Lab(ids(30_000_000), None, what, when, _value(rng, what)))
    _prescribe(chart, rng, ids, admission, hours)
    for when in _times(rng, start, hours, rng.randint(0, 4)):
        specimen = rng.choice(words.SPECIMENS)
        grown = rng.choice(words.ORGANISMS) if rng.random() < 0.4 else None
        test = words.MICRO_TESTS[specimen[1]]
        chart.cultures.append(
            Culture(ids(40_000_000), admission.hadm_id, specimen, test, when, grown)
        )


def _move(chart: Chart, rng: random.Random, ids: _Ids, admission: Admission, hours: int) -> None:
    """Emergency department, wards and ICU stays of a visit, with what is charted there."""
    at, hadm = admission.start, admission.hadm_id
    if admission.via_emergency:
        before = at - timedelta(minutes=rng.randint(90, 400))
        chart.emergency.append(Stay(ids(60_000_000), hadm, before, at, words.EMERGENCY_DEPARTMENT))
    steps = rng.randint(1, 3)
    borders = sorted(rng.sample(range(8, max(hours - 6, 9 + steps)), steps))
    units = rng.sample(words.WARDS, steps + 1)
    icu_at = rng.randrange(1, steps + 1) if rng.random() < 0.7 else None
    moments = [at, *(at + timedelta(hours=b, minutes=rng.randrange(60)) for b in borders)]
    for step, begun in enumerate(moments):
        last = step + 1 == len(moments)
        ended = admission.end if last else moments[step + 1]
        unit = units[step]
        if step == icu_at:
            unit = rng.choice(words.ICU_UNITS)
            stay = Stay(ids(50_000_000), hadm, begun, ended, unit)
            chart.icu.append(stay)
            until = ended or chart.now - timedelta(hours=2)
            _chart_stay(chart, rng, stay, until)
        chart.transfers.append(Transfer(hadm, begun, ended, unit))


def _chart_stay(chart: Chart, rng: random.Random, stay: Stay, until: datetime) -> None:
    hours = max(2, min(96, int((until - stay.start).total_seconds() // 3600)))
    for what in words.VITALS:
        for when in _times(rng, stay.start, hours, rng.randint(3, 6)):
            chart.vitals.append(Charted(stay.stay_id, stay.hadm_id, what, when, _value(rng, what)))
    weight = round(rng.uniform(words.WEIGHT.low + 8, words.WEIGHT.high - 8), 1)
    for when in _times(rng, stay.start, hours, rng.randint(1, 3)):
        kilograms = round(weight + rng.uniform(-4, 4), 1)
        chart.vitals.append(Charted(stay.stay_id, stay.hadm_id, words.WEIGHT, when, kilograms))
    if rng.random() < 0.7:
        (when,) = _times(rng, stay.start, 2, 1)
        tall = float(149 + chart.subject_id * 7 % 47)
        chart.vitals.append(Charted(stay.stay_id, stay.hadm_id, words.HEIGHT, when, tall))
    for what in rng.sample(words.OUTPUTS, rng.randint(1, 3)):
        for when in _times(rng, stay.start, hours, rng.randint(1, 5)):
            chart.outputs.append(Charted(stay.stay_id, stay.hadm_id, what, when, _value(rng, what)))


def _prescribe(
    chart: Chart, rng: random.Random, ids: _Ids, admission: Admission, hours: int
) -> None:
    drugs: list[words.Drug] = rng.sample(words.DRUGS, rng.randint(4, 8))
    drugs += rng.sample(drugs, rng.randint(0, 2))  # Some are ordered again.
    times = _times(rng, admission.start, hours, len(drugs), step=60)
    if len(times) > 2 and rng.random() < 0.5:
        times[-1] = times[-2]  # Two orders at one time.
    for drug, when in zip(drugs, times, strict=False):
        name = words.SPELLINGS.get(drug.name, drug.name) if rng.random() < 0.4 else drug.name
        dose = drug.dose * rng.choice((1, 1, 2))
        chart.prescriptions.append(
            Prescription(
                ids(70_000_000),
                admission.hadm_id,
                drug,
                name,
                when,
                when + timedelta(hours=rng.randint(6, 90)),
                dose,
                rng.choice(drug.routes),
            )
        )


def _times(
    rng: random.Random, start: datetime, hours: int, count: int, step: int = 1
) -> list[datetime]:
    """Return different moments within some hours, in order, on multiples of ``step`` minutes."""
    slots = max(count, hours * 60 // step)
    return [start + timedelta(minutes=step * m) for m in sorted(rng.sample(range(slots), count))]


def _value(rng: random.Random, what: words.Measured) -> float:
    value = round(rng.uniform(what.low, what.high), what.digits)
    return value if what.digits else float(int(value))
