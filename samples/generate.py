"""Writes the sample filings and their ground truth: `python -m samples.generate [--out DIR] [--check]`."""

import argparse
import json
import sys
from pathlib import Path

from samples.company import load_companies
from samples.document import write_document
from samples.ground_truth import describe_filing, name_file

__all__ = ["FILINGS_DIR", "GROUND_TRUTH", "find_differences", "main", "render_filings", "render_ground_truth"]

FILINGS_DIR = Path(__file__).parent / "filings"
GROUND_TRUTH = Path(__file__).parent / "ground_truth.json"


def render_filings() -> dict[str, str]:
    """Return the HTML of every filing by file name; the same tree gives the same text."""
    return {
        name_file(company, plan): write_document(company, plan)
        for company in load_companies()
        for plan in company.filings
    }


def render_ground_truth() -> str:
    """Return the ground truth of every filing as JSON text."""
    filings = [describe_filing(company, plan) for company in load_companies() for plan in company.filings]
    return json.dumps({"filings": filings}, indent=1) + "\n"


def find_differences(folder: Path) -> list[str]:
    """Return the names of files missing from, changed in or foreign to `folder`, and of a stale ground truth."""
    expected = render_filings()
    found = {path.name: path.read_text("utf-8") for path in folder.glob("*") if path.is_file()}
    names = [name for name in sorted(expected | found) if expected.get(name) != found.get(name)]
    if not GROUND_TRUTH.is_file() or GROUND_TRUTH.read_text("utf-8") != render_ground_truth():
        names.append(GROUND_TRUTH.name)
    return names


def main(arguments: list[str] | None = None) -> int:
    """Write or check the filings; return 0, or 1 when a check found differences."""
    parser = argparse.ArgumentParser(
        description="Write the fictional sample filings of FinRAG.",
        epilog="Example: python -m samples.generate --check",
    )
    parser.add_argument("--out", type=Path, default=FILINGS_DIR, help="folder of the HTML files (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when files differ")
    options = parser.parse_args(arguments)
    if options.check:
        differences = find_differences(options.out)
        for name in differences:
            sys.stderr.write(f"{name} is not what the generator writes: run python -m samples.generate\n")
        return 1 if differences else 0
    options.out.mkdir(parents=True, exist_ok=True)
    for name, html in render_filings().items():
        (options.out / name).write_text(html, "utf-8")
    if options.out == FILINGS_DIR:
        GROUND_TRUTH.write_text(render_ground_truth(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
