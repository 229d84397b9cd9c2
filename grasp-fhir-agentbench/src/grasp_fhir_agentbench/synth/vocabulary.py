"""What the synthetic hospital measures, gives and does: names, codes, usual ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Measured(NamedTuple):
    """Something that is measured as a number."""

    code: str
    name: str
    unit: str
    low: float
    high: float
    digits: int


LABS = (
    Measured("50912", "Creatinine", "mg/dL", 0.5, 3.2, 1),
    Measured("50971", "Potassium", "mEq/L", 2.9, 5.9, 1),
    Measured("50983", "Sodium", "mEq/L", 126, 150, 0),
    Measured("50902", "Chloride", "mEq/L", 90, 115, 0),
    Measured("50882", "Bicarbonate", "mEq/L", 15, 34, 0),
    Measured("50931", "Glucose", "mg/dL", 62, 320, 0),
    Measured("51006", "Urea Nitrogen", "mg/dL", 6, 70, 0),
    Measured("50960", "Magnesium", "mg/dL", 1.2, 2.9, 1),
    Measured("50970", "Phosphate", "mg/dL", 1.8, 6.1, 1),
    Measured("50893", "Calcium, Total", "mg/dL", 7.2, 10.8, 1),
    Measured("51222", "Hemoglobin", "g/dL", 6.8, 15.9, 1),
    Measured("51221", "Hematocrit", "%", 21, 47, 1),
    Measured("51265", "Platelet Count", "K/uL", 45, 480, 0),
    Measured("51301", "White Blood Cells", "K/uL", 2.1, 24, 1),
    Measured("50861", "Alanine Aminotransferase (ALT)", "IU/L", 8, 210, 0),
    Measured("50885", "Bilirubin, Total", "mg/dL", 0.2, 6.5, 1),
    Measured("50862", "Albumin", "g/dL", 1.9, 4.9, 1),
    Measured("50813", "Lactate", "mmol/L", 0.6, 6.4, 1),
    Measured("51237", "INR(PT)", "", 0.9, 4.1, 1),
    Measured("51003", "Troponin T", "ng/mL", 0.01, 2.4, 2),
)

VITALS = (
    Measured("220045", "Heart Rate", "bpm", 52, 138, 0),
    Measured("220210", "Respiratory Rate", "insp/min", 9, 34, 0),
    Measured("220277", "O2 saturation pulseoxymetry", "%", 86, 100, 0),
    Measured("223762", "Temperature Celsius", "°C", 35.1, 39.8, 1),
    Measured("220050", "Arterial Blood Pressure systolic", "mmHg", 82, 181, 0),
    Measured("220051", "Arterial Blood Pressure diastolic", "mmHg", 41, 102, 0),
    Measured("220052", "Arterial Blood Pressure mean", "mmHg", 55, 128, 0),
)
WEIGHT = Measured("224639", "Daily Weight", "kg", 48, 121, 1)
HEIGHT = Measured("226730", "Height (cm)", "cm", 149, 196, 0)

#: What a question calls a vital sign -> the assumption that says which label that is.
SPOKEN_VITALS: Mapping[str, tuple[str, str]] = {
    "Heart Rate": ("heart rate", ""),
    "Respiratory Rate": ("respiratory rate", ""),
    "O2 saturation pulseoxymetry": (
        "SpO2",
        "SpO2 is recorded under the label 'O2 saturation pulseoxymetry'.",
    ),
    "Temperature Celsius": (
        "body temperature",
        "Body temperature is recorded under the label 'Temperature Celsius'.",
    ),
    "Arterial Blood Pressure systolic": (
        "systolic blood pressure",
        "Systolic blood pressure is recorded under the label 'Arterial Blood Pressure systolic'.",
    ),
    "Arterial Blood Pressure diastolic": (
        "diastolic blood pressure",
        "Diastolic blood pressure is recorded under the label 'Arterial Blood Pressure diastolic'.",
    ),
    "Arterial Blood Pressure mean": (
        "mean blood pressure",
        "Mean blood pressure is recorded under the label 'Arterial Blood Pressure mean'.",
    ),
}

#: Volumes that leave the body, in mL.
OUTPUTS = (
    Measured("226559", "Foley", "mL", 25, 420, 0),
    Measured("226560", "Void", "mL", 60, 540, 0),
    Measured("226588", "Chest Tube #1", "mL", 5, 130, 0),
    Measured("226575", "Nasogastric", "mL", 20, 310, 0),
    Measured("226599", "Jackson Pratt #1", "mL", 5, 110, 0),
    Measured("226579", "Stool", "mL", 80, 650, 0),
)


class Drug(NamedTuple):
    """A drug as prescriptions have it: some in two spellings."""

    name: str
    dose: float
    unit: str
    routes: tuple[str, ...]


DRUGS = (
    Drug("Acetaminophen", 650, "mg", ("PO", "PR")),
    Drug("Aspirin", 81, "mg", ("PO",)),
    Drug("Atorvastatin", 40, "mg", ("PO",)),
    Drug("Bisacodyl", 10, "mg", ("PO", "PR")),
    Drug("Calcium Gluconate", 2, "g", ("IV",)),
    Drug("CefTRIAXone", 1, "g", ("IV",)),
    Drug("Ciprofloxacin HCl", 500, "mg", ("PO",)),
    Drug("Docusate Sodium", 100, "mg", ("PO",)),
    Drug("Famotidine", 20, "mg", ("PO", "IV")),
    Drug("Fentanyl Citrate", 50, "mcg", ("IV",)),
    Drug("Furosemide", 40, "mg", ("IV", "PO")),
    Drug("Gabapentin", 300, "mg", ("PO",)),
    Drug("Heparin", 5000, "UNIT", ("SC", "IV")),
    Drug("HYDROmorphone (Dilaudid)", 0.5, "mg", ("IV", "PO")),
    Drug("Insulin", 6, "UNIT", ("SC",)),
    Drug("Levothyroxine Sodium", 75, "mcg", ("PO",)),
    Drug("Lisinopril", 10, "mg", ("PO",)),
    Drug("LORazepam", 1, "mg", ("PO", "IV")),
    Drug("Magnesium Sulfate", 2, "g", ("IV",)),
    Drug("Metoprolol Tartrate", 25, "mg", ("PO", "IV")),
    Drug("MetRONIDAZOLE (FLagyl)", 500, "mg", ("IV", "PO")),
    Drug("Morphine Sulfate", 2, "mg", ("IV",)),
    Drug("Ondansetron", 4, "mg", ("IV", "PO")),
    Drug("OxycoDONE (Immediate Release)", 5, "mg", ("PO",)),
    Drug("Pantoprazole", 40, "mg", ("IV", "PO")),
    Drug("Potassium Chloride", 40, "mEq", ("PO", "IV")),
    Drug("Senna", 8.6, "mg", ("PO",)),
    Drug("Spironolactone", 25, "mg", ("PO",)),
    Drug("Vancomycin", 1000, "mg", ("IV",)),
    Drug("Warfarin", 5, "mg", ("PO",)),
)
#: Written otherwise in some rows; the same drug all the same.
SPELLINGS: Mapping[str, str] = {
    "Vancomycin": "vancomycin",
    "Furosemide": "furosemide",
    "Heparin": "Heparin ",
    "Insulin": "insulin",
}

DIAGNOSES = (
    ("I10", "Essential (primary) hypertension"),
    ("E785", "Hyperlipidemia, unspecified"),
    ("I4891", "Unspecified atrial fibrillation"),
    ("N179", "Acute kidney failure, unspecified"),
    ("E119", "Type 2 diabetes mellitus without complications"),
    ("I5032", "Chronic diastolic (congestive) heart failure"),
    ("J189", "Pneumonia, unspecified organism"),
    ("A419", "Sepsis, unspecified organism"),
    ("N390", "Urinary tract infection, site not specified"),
    ("D62", "Acute posthemorrhagic anemia"),
    ("E871", "Hypo-osmolality and hyponatremia"),
    ("J9601", "Acute respiratory failure with hypoxia"),
    ("K219", "Gastro-esophageal reflux disease without esophagitis"),
    ("F329", "Major depressive disorder, single episode, unspecified"),
    ("E039", "Hypothyroidism, unspecified"),
    ("D696", "Thrombocytopenia, unspecified"),
    ("J449", "Chronic obstructive pulmonary disease, unspecified"),
    ("K7030", "Alcoholic cirrhosis of liver without ascites"),
    ("E876", "Hypokalemia"),
    ("G4733", "Obstructive sleep apnea (adult) (pediatric)"),
    ("I214", "Non-ST elevation (NSTEMI) myocardial infarction"),
    ("L89152", "Pressure ulcer of sacral region, stage 2"),
    ("E6601", "Morbid (severe) obesity due to excess calories"),
    ("I959", "Hypotension, unspecified"),
    ("R0902", "Hypoxemia"),
)
PROCEDURES = (
    ("02HV33Z", "Insertion of infusion device into superior vena cava, percutaneous approach"),
    ("5A1955Z", "Respiratory ventilation, greater than 96 consecutive hours"),
    ("0BH17EZ", "Insertion of endotracheal airway into trachea, via natural opening"),
    ("5A1D70Z", "Performance of urinary filtration, intermittent"),
    ("30233N1", "Transfusion of nonautologous red blood cells into peripheral vein"),
    ("0DJ08ZZ", "Inspection of upper intestinal tract, endoscopic"),
    ("0W9G3ZZ", "Drainage of peritoneal cavity, percutaneous approach"),
    ("B2111ZZ", "Fluoroscopy of multiple coronary arteries"),
    ("4A023N7", "Measurement of cardiac sampling and pressure, left heart"),
    ("0DJD8ZZ", "Inspection of lower intestinal tract, endoscopic"),
    ("009U3ZX", "Drainage of spinal canal, percutaneous approach, diagnostic"),
    ("3E0G76Z", "Introduction of nutritional substance into upper GI"),
)

SPECIMENS = (
    ("70012", "BLOOD CULTURE"),
    ("70079", "URINE"),
    ("70062", "SPUTUM"),
    ("70091", "MRSA SCREEN"),
    ("70064", "STOOL"),
)
#: Test of each specimen.
MICRO_TESTS: Mapping[str, tuple[str, str]] = {
    "BLOOD CULTURE": ("90201", "Blood Culture, Routine"),
    "URINE": ("90039", "URINE CULTURE"),
    "SPUTUM": ("90115", "RESPIRATORY CULTURE"),
    "MRSA SCREEN": ("90202", "MRSA SCREEN"),
    "STOOL": ("90028", "FECAL CULTURE"),
}
ORGANISMS = (
    ("80002", "ESCHERICHIA COLI"),
    ("80023", "STAPH AUREUS COAG +"),
    ("80004", "KLEBSIELLA PNEUMONIAE"),
    ("80053", "ENTEROCOCCUS SP."),
    ("80026", "PSEUDOMONAS AERUGINOSA"),
    ("80155", "STAPHYLOCOCCUS, COAGULASE NEGATIVE"),
)
ANTIBIOTICS = (("90002", "GENTAMICIN"), ("90006", "CIPROFLOXACIN"), ("90017", "CEFTAZIDIME"))

ICU_UNITS = (
    "Medical Intensive Care Unit (MICU)",
    "Surgical Intensive Care Unit (SICU)",
    "Cardiac Vascular Intensive Care Unit (CVICU)",
    "Trauma SICU (TSICU)",
)
WARDS = ("Medicine", "Med/Surg", "Cardiology", "Neurology", "Transplant", "Hematology/Oncology")
EMERGENCY_DEPARTMENT = "Emergency Department"

#: Field of an answer -> every value it can have.
VOCABULARIES: Mapping[str, tuple[str, ...]] = {
    "drug": tuple(d.name for d in DRUGS),
    "specimen": tuple(name for _, name in SPECIMENS),
    "organism": tuple(name for _, name in ORGANISMS),
    "output": tuple(o.name for o in OUTPUTS),
    "care unit": (*ICU_UNITS, *WARDS, EMERGENCY_DEPARTMENT),
    "procedure": tuple(name for _, name in PROCEDURES),
    "gender": ("male", "female"),
    "marital status": ("married", "single", "divorced", "widowed"),
}
