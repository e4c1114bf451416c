"""The grid, the details and the CSV of what is covered, against what was written down by hand."""

import csv
import io

import pytest

from serving.frontend.contract.catalog import Company
from serving.frontend.contract.json_row import ContractError
from serving.frontend.coverage.coverage_csv import COVERAGE_COLUMNS, build_coverage_csv
from serving.frontend.coverage.filing_details import build_details, build_label
from serving.frontend.coverage.grid import Totals, build_grid, count_all, find_companies, find_gaps, list_years
from tests.ui.stub_coverage import Json, build_company, build_filing, build_velmora, read_catalog
from tests.ui.stub_hostile import HOSTILE


def read(*companies: Json) -> tuple[Company, ...]:
    return read_catalog(*companies).companies


def read_cells(grid: str) -> list[list[str]]:
    """Return the words of each cell as they are seen: spaces that do not break are spaces, joiners are nothing."""
    plain = grid.replace("\u00a0", " ").replace("\u2060", "").replace("\ufe0e", "")
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in plain.splitlines()]


def test_grid_has_a_row_for_each_company_and_names_what_lacks() -> None:
    companies = read(build_velmora(), build_company("Ostrand & Sons", build_filing(2023)))
    years = list_years(companies)
    assert years == [2024, 2023, 2022, 2021]
    header, alignment, *rows = read_cells(build_grid(companies, years))
    assert header == ["Company", "FY2024", "FY2023", "FY2022", "FY2021"]
    assert len(alignment) == 1
    assert rows == [
        [
            "**Velmora Instruments, Inc. (fictional)** · VLMR",
            ":small[10-K 21/21]",
            ":small[2 × 10-Q 10/10, ✕ no annual report]",
            ":small[✕ no filing]",
            ":small[10-K 19/21, ⚠ 2 missing, ? 1 doubt]",
        ],
        [r"**Ostrand \& Sons**", "–", ":small[10-K 21/21]", "–", "–"],
    ]


@pytest.mark.parametrize(
    ("filings", "gaps"),
    [
        ([], {}),
        ([("10-K", 2024)], {}),
        ([("10-K", 2024), ("10-K", 2021)], {2022: "no filing", 2023: "no filing"}),
        ([("10-K", 2024), ("10-Q", 2023), ("10-K405", 2022)], {2023: "no annual report"}),
        ([("10-Q", 2025), ("10-K", 2024), ("10-Q", 2023)], {}),
        ([("8-K", 2022), ("10-Q", 2020)], {2021: "no filing"}),
    ],
)
def test_gap_is_a_year_between_covered_years(filings: list[tuple[str, int]], gaps: dict[int, str]) -> None:
    (company,) = read(build_company("Velmora", *(build_filing(year, form) for form, year in filings)))
    assert find_gaps(company) == gaps


def test_annual_reports_come_first_and_forms_without_fixed_items_are_only_counted() -> None:
    filings = [
        build_filing(2023, "8-K", items_expected=0, items_found=0),
        build_filing(2023, "8-K", items_expected=0, items_found=0),
        build_filing(2023, "10-Q"),
        build_filing(2023, "10-K/A"),
        build_filing(2023, "10-K"),
    ]
    row = read_cells(build_grid(read(build_company("Velmora", *filings)), [2023]))[-1]
    assert row[1] == ":small[10-K 21/21, 10-K/A 21/21, 10-Q 5/5, 2 × 8-K]"


def test_totals_count_everything_once() -> None:
    companies = read(build_velmora(), build_company("Ostrand", build_filing(2019, passages=30)))
    assert count_all(companies) == Totals(companies=2, filings=5, passages=510, first_year=2019, last_year=2024)
    assert count_all(()) == Totals(companies=0, filings=0, passages=0, first_year=None, last_year=None)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("", ["Velmora Instruments", "Ostrand Freight"]),
        ("vlmr", ["Velmora Instruments"]),
        ("freight OST", ["Ostrand Freight"]),
        ("velmora freight", []),
    ],
)
def test_companies_are_found_by_all_words_of_name_or_ticker(wanted: str, names: list[str]) -> None:
    companies = read(
        build_company("Velmora Instruments", tickers=("VLMR",)), build_company("Ostrand Freight", tickers=("OSTR",))
    )
    assert [company.name for company in find_companies(companies, wanted)] == names


def test_hostile_name_is_inert_in_the_grid() -> None:
    company = build_company(HOSTILE, build_filing(2024, "10-K | :red[x]"), tickers=("A|B",))
    grid = build_grid(read(company), [2024])
    assert len(grid.splitlines()) == 3
    assert r"A\|B" in grid
    for live in ("![pixel](", "[click](", "<script", "https://", ":red[", " | :red"):
        assert live not in grid.replace("\\<", "\\ ").replace("\\[", "\\ ")


def test_details_tell_what_was_read_and_what_to_doubt() -> None:
    (company,) = read(build_velmora())
    filing = company.filings[-1]
    assert build_label(filing) == "10-K FY2021 · 19/21 items · 2 missing · 1 doubt · 1 note"
    assert build_details(filing).splitlines() == [
        "- **Period end:** 2021-06-30",
        "- **Accession number:** 0009990001-21-000001",
        "- **Text:** 120 passages; 97% of the text lies in items",
        "- **Numbers:** 300 read; 11 of 12 totals checked equal the sum of their parts",
        "- **Items found:** 19 of the 21 expected",
        "- **Items in the index:** 1, 1A, 7",
        "- **Items missing:** 7A, 9B",
        "- **Items without a text of their own:**",
        "  - incorporated by reference: 10, 11",
        "  - nothing to report: 1B",
        "- **Doubts:**",
        "  - Item 5: only 479 characters, and they point nowhere",
        "- **Notes:**",
        "  - fiscal year taken from the cover",
    ]


def test_details_of_a_form_without_fixed_items_say_so() -> None:
    form = build_filing(2024, "8-K", items_expected=0, items_found=0, checks_made=0, checks_held=0)
    (company,) = read(build_company("Velmora", form))
    assert build_label(company.filings[0]) == "8-K FY2024"
    details = build_details(company.filings[0])
    assert "- **Items:** this form has no fixed items" in details
    assert "totals" not in details
    assert "missing" not in details


def test_csv_has_a_row_for_each_filing_and_each_gap() -> None:
    content = build_coverage_csv(read(build_velmora())).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))
    assert list(rows[0]) == list(COVERAGE_COLUMNS)
    assert [(row["fiscal_year"], row["form"], row["gap"]) for row in rows] == [
        ("2024", "10-K", ""),
        ("2023", "10-Q", ""),
        ("2023", "10-Q", ""),
        ("2023", "", "no annual report"),
        ("2022", "", "no filing"),
        ("2021", "10-K", ""),
    ]
    assert rows[-1] == {
        "company": "Velmora Instruments, Inc. (fictional)",
        "ticker": "VLMR",
        "cik": "9990001",
        "fiscal_year": "2021",
        "gap": "",
        "form": "10-K",
        "period_end": "2021-06-30",
        "accession": "0009990001-21-000001",
        "items_found": "19",
        "items_expected": "21",
        "items_missing": "7A; 9B",
        "pointers": "10: incorporated by reference; 1B: nothing to report; 11: incorporated by reference",
        "doubts": "5: only 479 characters, and they point nowhere",
        "notes": "fiscal year taken from the cover",
        "share_in_items": "0.97",
        "passages": "120",
        "numbers": "300",
        "totals_checked": "12",
        "totals_equal": "11",
    }


def test_csv_is_inert_in_a_spreadsheet() -> None:
    content = build_coverage_csv(read(build_company("=1+1", build_filing(2024, notes=["@SUM(A1)"])))).decode()
    assert "'=1+1," in content
    assert ",'@SUM(A1)," in content


@pytest.mark.parametrize("field", ["items_found", "items_missing", "pointers", "doubts", "checks_made"])
def test_filing_without_a_field_of_its_coverage_is_refused_by_name(field: str) -> None:
    filing = build_filing(2024)
    del filing["coverage"][field]
    with pytest.raises(ContractError, match=field):
        read(build_company("Velmora", filing))


def test_what_filings_have_in_common_is_held_once() -> None:
    pointers = {"10": "incorporated by reference"}
    (company,) = read(build_company("Velmora", *(build_filing(year, pointers=dict(pointers)) for year in (2024, 2023))))
    latest, earlier = company.filings
    assert latest.items is earlier.items
    assert latest.coverage.pointers[0] is earlier.coverage.pointers[0]
