"""The coverage page on the stub back end."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.stub_backend import Reply, StubBackend
from tests.ui.stub_coverage import Json, build_catalog, build_company, build_filing, build_velmora


def draw_page() -> None:
    """Draw the page alone; AppTest cannot follow a link to a page that is a function."""
    import os

    from serving.frontend.api_client import BackendClient
    from serving.frontend.coverage.covered import load_catalog
    from serving.frontend.coverage.page import draw_coverage
    from serving.frontend.status.backend_status import read_status

    client = BackendClient(os.environ["BACKEND_URL"])
    status = read_status(client)
    draw_coverage(client, status, load_catalog(client, None) if status.can_answer else "")


def open_page(stub: StubBackend, monkeypatch: pytest.MonkeyPatch, *companies: Json) -> AppTest:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    stub.replies["/catalog"] = Reply(200, build_catalog(*companies))
    return run(AppTest.from_function(draw_page, default_timeout=20))


def run(page: AppTest) -> AppTest:
    page.run()
    assert not page.exception
    return page


def build_many(count: int) -> list[Json]:
    return [
        build_company(f"Company {number:03}", build_filing(2024), tickers=(f"T{number}",), cik=number)
        for number in range(1, count + 1)
    ]


def read_grid(page: AppTest) -> list[str]:
    """Return the rows of the grid, its header first."""
    grid = next(str(element.value) for element in page.markdown if element.value.startswith("| Company"))
    return [line.replace("\u00a0", " ").replace("\u2060", "") for line in grid.splitlines() if "---" not in line]


def read_words(page: AppTest) -> str:
    return "\n".join(str(element.value) for element in [*page.markdown, *page.caption, *page.info, *page.warning])


def read_code(page: AppTest) -> str:
    return "\n".join(block.value for block in page.code)


def test_page_opens_on_totals_and_grid(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(stub, monkeypatch, build_velmora())
    assert {metric.label: metric.value for metric in page.metric} == {
        "Companies": "1",
        "Filings": "4",
        "Fiscal years": "2021–2024",
        "Passages": "480",
    }
    header, velmora = read_grid(page)
    assert header == "| Company | FY2024 | FY2023 | FY2022 | FY2021 |"
    assert "✕ no filing" in velmora
    words = read_words(page)
    assert "items that may not have been read whole" in words
    assert "(fictional) do not exist" in words
    assert page.download_button(key="coverage-csv")
    assert not page.text_input, "a filter for one company"
    assert not page.pagination


def test_only_company_shows_its_filings_without_a_choice(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(stub, monkeypatch, build_velmora())
    assert [fold.label for fold in page.expander] == [
        "10-K FY2024 · 21/21 items",
        "10-Q FY2023 · 5/5 items",
        "10-Q FY2023 · 5/5 items",
        "10-K FY2021 · 19/21 items · 2 missing · 1 doubt · 1 note",
        "Add filings",
    ]
    assert "- **Items missing:** 7A, 9B" in page.expander[3].markdown[0].value


def test_chosen_company_shows_its_filings(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(stub, monkeypatch, *build_many(3))
    assert [fold.label for fold in page.expander] == ["Add filings"]
    page.selectbox(key="coverage-company").set_value(2)
    run(page)
    assert [fold.label for fold in page.expander] == ["10-K FY2024 · 21/21 items", "Add filings"]


def test_many_companies_are_paged_and_found(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(stub, monkeypatch, *build_many(60))
    assert [len(read_grid(page)), page.pagination[0].value] == [26, 1]
    page.pagination[0].select(3)
    run(page)
    assert "Companies 51 to 60 of 60" in read_words(page)
    assert [row.split("**")[1] for row in read_grid(page)[1:]] == [f"Company {number:03}" for number in range(51, 61)]

    page.text_input(key="coverage-filter").set_value("company 0")
    run(page)
    assert page.pagination[0].value == 1, "another search begins on its first page"
    page.text_input(key="coverage-filter").set_value("t17")
    run(page)
    assert len(read_grid(page)) == 2
    assert "Company 017" in read_grid(page)[1]
    assert not page.pagination

    page.text_input(key="coverage-filter").set_value("nothing like it")
    run(page)
    assert page.info[0].value == "No company or ticker matches."


def test_years_that_do_not_fit_side_by_side_are_chosen(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(
        stub, monkeypatch, build_company("Velmora", *(build_filing(year) for year in range(2024, 2014, -1)))
    )
    assert read_grid(page)[0] == "| Company | FY2024 | FY2023 | FY2022 | FY2021 | FY2020 | FY2019 |"
    assert page.selectbox(key="coverage-years").options == ["2019 to 2024", "2015 to 2018"]
    page.selectbox(key="coverage-years").set_value(1)
    run(page)
    assert read_grid(page)[0] == "| Company | FY2018 | FY2017 | FY2016 | FY2015 |"


def test_empty_index_is_told_first_with_the_commands(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_page(stub, monkeypatch)
    assert "holds no filing yet" in page.info[0].value
    assert "finrag ingest ~/filings && finrag index" in read_code(page)
    assert not page.expander, "the commands are folded away"
    assert not page.metric


def test_missing_index_is_told_with_the_commands(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.mode = "no index"
    page = open_page(stub, monkeypatch)
    assert "no index to search yet" in page.warning[0].value
    assert "finrag ingest --ticker AAPL MSFT" in read_code(page)


def test_catalog_that_cannot_be_had_is_told(stub: StubBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", stub.url)
    stub.replies["/catalog"] = Reply(500, {"detail": "No *catalog* today."})
    page = run(AppTest.from_function(draw_page, default_timeout=20))
    assert page.info[0].value == r"What is covered is not known: No \*catalog\* today."


def test_back_end_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKEND_URL", "http://127.0.0.1:9")
    page = run(AppTest.from_function(draw_page, default_timeout=20))
    assert "The back end is away" in page.warning[0].value
    assert not page.code
