"""`dissect-widgets findings`: test the claims of PNAS 2020 on the networks that come with the package."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from dissect_widgets.errors import DissectError


def add_to(commands: Any) -> None:
    """Add the command and its options."""
    parser = commands.add_parser("findings", help="test the claims of PNAS 2020 on the world")
    parser.add_argument("--out", default="dissect-widgets-findings", metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Check every claim, write JSON and pages, and print the findings."""
    from dissect_widgets.core.files.target import output_folder
    from dissect_widgets.replication.claims.pnas import CLAIMS
    from dissect_widgets.replication.evidence import Evidence
    from dissect_widgets.replication.findings import as_text, check_claims, write_findings
    from dissect_widgets.replication.studies import world_classifier, world_division, world_generator

    out = output_folder(options.out, what="--out")  # before the work
    evidence = Evidence(world_classifier(attacked=200), world_generator(), world_division())
    findings = check_claims(CLAIMS, evidence)
    try:
        links = evidence.write_reports(out)
    except DissectError as error:  # the findings are not lost with the pages
        print(f"The reports of the networks could not be written: {error}", file=sys.stderr)
        links = {}
    data, page = write_findings(findings, out, links)
    print(data.read_text("utf-8") if options.json else f"{as_text(findings)}\n\nThe page: {page}")
