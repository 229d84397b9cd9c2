"""What draws questions, one module for each kind of record they are about."""

from __future__ import annotations

from collections.abc import Mapping

from grasp_fhir_agentbench.synth.drafts import Make
from grasp_fhir_agentbench.synth.families import (
    measured,
    microbiology,
    patient,
    prescriptions,
    visits,
)

#: What draws each kind of question, by the name it has in ``templates.yaml``.
MAKERS: Mapping[str, Make] = {
    name: make
    for family in (patient, visits, measured, prescriptions, microbiology)
    for name, make in family.MAKERS.items()
}
