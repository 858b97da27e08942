"""What a plan needs of a machine: nothing of it starts before all of it is there."""

from __future__ import annotations

from automl.runtime.local.plan import Plan


def missing(plan: Plan) -> list[str]:
    """What is not there, a sentence each, with what to do."""
    return []
