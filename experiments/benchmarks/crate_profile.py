"""Hold an exported crate against the Workflow Run RO-Crate profile, with the validator of its authors, off line.

    python -m venv /tmp/validator && /tmp/validator/bin/pip install roc-validator==0.13.0
    activesci export crate RUN --to CRATE
    /tmp/validator/bin/python experiments/benchmarks/crate_profile.py CRATE

The profiles' shapes come with the validator. What the terms of a crate mean it looks up in the network, at
https://w3id.org/ro/crate/1.1/context; TERMS stands in for that, so the two checks of that address itself are left out.
"""

import io
import json
import sys
from email.message import Message
from urllib.response import addinfourl

import rdflib.parser
from rocrate_validator import models, services

PROFILE = "workflow-run-crate"
NEED_A_NETWORK = {"ro-crate-1.1_3.1", "ro-crate-1.1_3.2"}
TERMS = {
    "@vocab": "http://schema.org/",
    "File": "http://schema.org/MediaObject",
    "conformsTo": "http://purl.org/dc/terms/conformsTo",
    "ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "input": "https://bioschemas.org/ComputationalWorkflow#input",
    "output": "https://bioschemas.org/ComputationalWorkflow#output",
}


def answered(request, *_, **__):
    """Return the meaning of the terms, whatever is asked for."""
    head = Message()
    head["Content-Type"] = "application/ld+json"
    return addinfourl(io.BytesIO(json.dumps({"@context": TERMS}).encode()), head, request.full_url, 200)


def main(crate):
    rdflib.parser._urlopen = answered
    wrong = 0
    print("| requirement | checks | not met |\n|---|---|---|")
    for severity in (models.Severity.REQUIRED, models.Severity.RECOMMENDED):
        settings = services.ValidationSettings(
            rocrate_uri=crate, profile_identifier=PROFILE, requirement_severity=severity
        )
        found = services.validate(settings)
        issues = [one for one in found.get_issues() if one.check.identifier not in NEED_A_NETWORK]
        told = sorted({f"{one.check.identifier}: {one.message}" for one in issues})
        print(f"| {severity.name.lower()} and above | {len(found.executed_checks)} | {'; '.join(told) or 'none'} |")
        wrong += sum(one.severity == models.Severity.REQUIRED for one in issues)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
