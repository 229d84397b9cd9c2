"""``python -m grasp.testing.task.ids``: prints a task's ids as a fresh process sees them."""

from __future__ import annotations

import json
import sys

from grasp.plugins import load_task
from grasp.testing.processes import answered
from grasp.testing.task.samples import ids_of

if __name__ == "__main__":
    asked = answered(sys.argv)
    task = load_task(asked["name"], **asked["params"])
    task.setup()
    print(json.dumps(ids_of(task)))
    task.close()
