import time
from html.parser import HTMLParser

import pytest

from serving.frontend.markup.passage_html import build_passage_html
from tests.ui.stub_backend import RISK_SENTENCE, RISK_TEXT, TABLE_LEAD, TABLE_TEXT
from tests.ui.stub_hostile import HOSTILE, build_hostile_passages


class Reader(HTMLParser):
    """Collects what a browser would see: the tags, the cells and the marked words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.marked: list[str] = []
        self.words = ""
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag in {"wbr", "br"}:
            return
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag == "mark":
            self.marked.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data
        if "mark" in self._open:
            self.marked[-1] += data
        if "tr" in self._open:
            self.rows[-1][-1] += data


def test_highlight_counts_code_points() -> None:
    start = RISK_TEXT.index(RISK_SENTENCE)
    seen = Reader(build_passage_html(RISK_TEXT, [(start, start + len(RISK_SENTENCE))]))
    assert seen.marked == [RISK_SENTENCE]
    assert seen.words == RISK_TEXT.replace("\n", "")


def test_highlight_that_spans_lines_marks_each_part() -> None:
    assert Reader(build_passage_html("one two\nthree four", [(4, 13)])).marked == ["two", "three"]


@pytest.mark.parametrize(
    ("ranges", "marked"),
    [
        ([(0, 3), (2, 5)], ["abcde"]),
        ([(4, 6), (0, 2)], ["ab", "ef"]),
        ([(-5, 2)], ["ab"]),
        ([(4, 99)], ["ef"]),
        ([(3, 3), (5, 2), (70, 80)], []),
    ],
)
def test_ranges_are_put_right(ranges: list[tuple[int, int]], marked: list[str]) -> None:
    seen = Reader(build_passage_html("abcdef", ranges))
    assert seen.marked == marked
    assert seen.words == "abcdef"


def test_hostile_text_becomes_words() -> None:
    seen = Reader(build_passage_html(HOSTILE, [(0, 8)], lead="<img src=x onerror=alert(3)>"))
    assert set(seen.tags) == {"p", "mark", "b", "wbr"}
    assert seen.marked == ["<script>"]


def test_table_has_its_lead_above_its_rows() -> None:
    html = build_passage_html(TABLE_TEXT, [(0, TABLE_TEXT.index("\n"))], kind="table", lead=TABLE_LEAD)
    seen = Reader(html)
    assert seen.rows[0] == ["", "Fiscal 2024", "Fiscal 2023"]
    assert seen.rows[1] == ["Net sales", "$ 412,300", "$ 389,750"]
    assert seen.rows[5] == ["Operating income (loss)", "72,800", "(1,170)"]
    assert seen.marked == ["Net sales", "$ 412,300", "$ 389,750"]
    assert seen.words.startswith("Results of operations(in thousands)")


def test_table_cells_are_escaped_and_empty_ones_kept() -> None:
    seen = Reader(build_passage_html("<b>x</b> |  | 1\n | a | \nSubtotals", [(10, 10)], kind="table"))
    assert seen.rows == [["<b>x</b>", "", "1"], ["", "a", ""], ["Subtotals"]]


def test_long_run_may_be_broken_and_a_long_number_too() -> None:
    html = build_passage_html(f"{'W' * 100} | {'9' * 100} | 1,234", kind="table")
    assert html.count("<wbr>") == 6
    assert html.count("nowrap") == 1
    assert Reader(html).rows == [["W" * 100, "9" * 100, "1,234"]]


def test_huge_table_is_built_in_time() -> None:
    table = next(each["text"] for each in build_hostile_passages() if each["text"].startswith("Row 0"))
    began = time.process_time()
    seen = Reader(build_passage_html(table, [(0, 3)], kind="table", lead="lead"))
    assert [len(row) for row in seen.rows] == [40] * 200
    assert seen.marked == ["Row"]
    assert time.process_time() - began < 2


def test_highlight_inside_one_cell_marks_only_it() -> None:
    assert Reader(build_passage_html("a | 12 | 34", [(7, 10)], kind="table")).marked == ["3"]
