"""The deployments whose permissions are proved, and the calls that are made in each."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from tests.iam.deployment import ACCOUNT, REGION, Deployment
from tests.iam.findings import Proof, prove
from tests.iam.implied import with_implied
from tests.iam.policies import Call, Policies
from tests.iam.recorded import KEPT, calls_of
from tests.stacks.synthesis import synthesized

OLD_KEY: Final = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/4d0f2a9c-7f27-4b6e-9a55-0c5a4be6c1d2"
# The embedded AWS encrypts nothing, so one run serves all: what keys are used for follows from the templates.
VARIANTS: Final = {
    "no key": (),
    "a key": ("kms=true",),
    "a key after another": ("kms=true", f"old_key_arns={OLD_KEY}"),
    "no key any more": (f"old_key_arns={OLD_KEY}",),
}


@dataclass(frozen=True)
class Variant:
    """One deployment with the calls of a run in it."""

    policies: Policies
    calls: list[Call]

    def proof(self) -> Proof:
        return prove(self.calls, self.policies)


def variant(name: str, facts: Iterable[str]) -> Variant:
    """Put the facts of a run, as lines, into one of VARIANTS."""
    deployment = deployed(name)
    old_keys = [OLD_KEY] if any("old_key" in setting for setting in VARIANTS[name]) else []
    calls = with_implied(calls_of(map(json.loads, facts)), deployment, old_keys=old_keys)
    return Variant(deployment.policies(), calls)


@cache
def deployed(name: str) -> Deployment:
    return Deployment(synthesized(*VARIANTS[name]).templates)


def kept_facts() -> list[str]:
    """Return the facts of the run that was kept, of which the cheap tests make use."""
    return KEPT.read_text(encoding="utf-8").splitlines()
