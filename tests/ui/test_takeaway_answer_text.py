"""The limited Markdown of answers is read as CommonMark reads it; what it does not know stays plain text."""

from __future__ import annotations

import pytest

from serving.frontend.takeaway.answer_text import read_answer
from serving.frontend.takeaway.blocks import Document
from serving.frontend.takeaway.html_document import write_html


def write(text: str) -> str:
    """Return the body of an answer as HTML on one line."""
    page = write_html(Document("", read_answer(text, {1: "s1", 12: "s12"})))
    return page.partition("<main>")[2].partition("</main>")[0].replace("\n", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one\ntwo", "<p>one two</p>"),
        ("one  \ntwo", "<p>one<br>two</p>"),
        ("one\r\n\r\ntwo", "<p>one</p><p>two</p>"),
        ("**a** b", "<p><strong>a</strong> b</p>"),
        ("a**b**c", "<p>a<strong>b</strong>c</p>"),
        ("*a* _b_ ***c***", "<p><em>a</em> <em>b</em> <strong><em>c</em></strong></p>"),
        ("**a *b* c**", "<p><strong>a </strong><strong><em>b</em></strong><strong> c</strong></p>"),
        ("2 * 3 * 4", "<p>2 * 3 * 4</p>"),
        ("snake_case_name", "<p>snake_case_name</p>"),
        ("**open", "<p>**open</p>"),
        ("** a **", "<p>** a **</p>"),
        ("****a****", "<p>****a****</p>"),
        (r"\*a\* \[1\] \\", r"<p>*a* [1] \</p>"),
        (r"C:\temp", r"<p>C:\temp</p>"),
        ("a [1][12] [3]", '<p>a <a href="#s1">[1]</a><a href="#s12">[12]</a> [3]</p>'),
        ("**a [1]**", '<p><strong>a </strong><a href="#s1"><strong>[1]</strong></a></p>'),
        ("[1](https://e.example)", '<p><a href="#s1">[1]</a>(https://e.example)</p>'),
        ("## Title ##\ntext", "<p><strong>Title</strong></p><p>text</p>"),
        ("a\n---\nb", "<p>a</p><hr><p>b</p>"),
        ("a\n===", "<p>a ===</p>"),
        ("> a\n> b\n\nc", "<blockquote><p>a b</p></blockquote><p>c</p>"),
        ("- a\n- b", "<ul><li><p>a</p></li><li><p>b</p></li></ul>"),
        ("- a\n  b\nc", "<ul><li><p>a b c</p></li></ul>"),
        ("- a\n\nb", "<ul><li><p>a</p></li></ul><p>b</p>"),
        ("- a\n  - b", "<ul><li><p>a</p><ul><li><p>b</p></li></ul></li></ul>"),
        ("3. a\n4. b", '<ol start="3"><li><p>a</p></li><li><p>b</p></li></ol>'),
        ("text\n1. a", '<p>text</p><ol start="1"><li><p>a</p></li></ol>'),
        ("sold in\n2024. Later", "<p>sold in 2024. Later</p>"),
        ("- a\n1. b", '<ul><li><p>a</p></li></ul><ol start="1"><li><p>b</p></li></ol>'),
        ("a | b\nno table", "<p>a | b no table</p>"),
        ("<b>x</b> & $y$", "<p>&lt;b&gt;x&lt;/b&gt; &amp; $y$</p>"),
        ("```\ncode\n```", "<p>``` code ```</p>"),
        ("", ""),
    ],
)
def test_block_is_read(text: str, expected: str) -> None:
    assert write(text) == expected


def test_table_is_read_with_its_alignment_and_escaped_bars() -> None:
    text = "Sales:\n| a | b |\n|:--|--:|\n| x \\| y | **1** |\n| z |\nafter"
    page = write(text)
    assert page.startswith("<p>Sales:</p><div")
    assert '<th scope="col">a</th><th scope="col" class="number">b</th>' in page
    assert '<td>x | y</td><td class="number"><strong>1</strong></td>' in page
    assert '<td colspan="2">z</td>' in page


def test_table_in_a_list_belongs_to_its_item() -> None:
    page = write("1. Sales\n   | a | b |\n   |---|---|\n   | c | d |\n2. Costs")
    assert page.startswith('<ol start="1"><li><p>Sales</p><div')
    assert page.endswith("</div></li><li><p>Costs</p></li></ol>")


def test_nesting_without_end_stays_text() -> None:
    assert "deep" in write("> " * 5_000 + "deep")
    assert "deep" in write("- " * 5_000 + "deep")
