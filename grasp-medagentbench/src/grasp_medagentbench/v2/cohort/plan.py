"""How many patients of each v2 task type take which branch (spec 8.3)."""

from __future__ import annotations

from grasp_medagentbench.cohort.plan import Plan

#: Weights of thirty patients. They are those of the spec, moved where one blind answer would
#: have solved much more than half of a type: about half of the patients of each type need an
#: order, and half need none.
V2_PLAN: Plan = {
    # Last CT under one of the two codes.
    "task1": {"never": 7, "old": 9, "recent": 14},
    # Active orders: heparin 5000 is "one", and "other" is any other anticoagulant.
    "task2": {"zero": 5, "one": 13, "one and other": 4, "two": 4, "other": 4},
    # Readings in the past 6 hours and the 6 hours before them.
    "task3": {"both": 15, "many": 3, "early": 5, "stale": 5, "none": 2},
    # Age of the last catheter: below, at and over 48 hours.
    "task4": {"none": 4, "fresh": 7, "edge": 2, "overdue": 13, "removal ordered": 4},
    # The three last have the diagnosis.
    "task5": {"healthy": 6, "other kidney": 3, "recent": 6, "old": 9, "never": 6},
    # "pair" is two high TSH values a month apart; "near pair" is closer, "single" is one.
    "task6": {
        "pair": 8,
        "near pair": 3,
        "single": 3,
        "raised": 7,
        "raised with T4 off": 4,
        "normal": 3,
        "none": 2,
    },
    "task7": {"none": 4, "normal": 11, "prolonged": 15},
    # Active opioids with ("covered") and without naloxone.
    "task8": {"none": 5, "stopped": 4, "covered": 6, "one bare": 10, "two bare": 5},
    "task9": {"never": 7, "old": 9, "recent": 14},
    # The last dose, as a procedure or as a drug order.
    "task10": {
        "never": 6,
        "old procedure": 5,
        "old drug": 4,
        "recent procedure": 8,
        "recent drug": 7,
    },
}
