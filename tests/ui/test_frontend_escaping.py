import time

import pytest

from serving.frontend.markup.escaping import escape_answer, escape_inline, escape_lines

WJ = "\u2060"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$5 to $7", r"\$5 to \$7"),
        (r"\$5", r"\$5"),
        (r"\\$5", r"\\\$5"),
        (r"C:\temp", r"C:\\temp"),
        ("[1]", r"\[1\]"),
        ("![x](y)", r"!\[x\](y)"),
        ("[1]: http://a.b", rf"\[1\]: http{WJ}://a.b"),
        ("<b>", r"\<b>"),
        ("`x`", r"\`x\`"),
        ("~~x~~", r"\~\~x\~\~"),
        ("https&#58;//a.b", r"https\&#58;//a.b"),
        ("WWW.a.b", f"WWW{WJ}.a.b"),
        ("a@b.c", f"a{WJ}@b.c"),
        (":red[x]", r"\:red\[x\]"),
        (":material/home:", f":{WJ}material/home:"),
        ("# Title #", "**Title**"),
        ("## **Title**", "**Title**"),
        ("Title\n===", "Title\n\\==="),
        ("Text\n---", "Text\n\n---\n"),
    ],
)
def test_answer_is_inert_when_it_holds_markup(text: str, expected: str) -> None:
    assert escape_answer(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "**bold** and *slanted*",
        "- one\n- two\n  - three",
        "1. one\n2. two",
        "| a | b |\n|:---|---:|\n| 1 | 2 |",
        "> words of the filing",
        "5 > 3, 10:30, ratio 3:1, +5.8 %",
    ],
)
def test_answer_is_unchanged_when_in_its_own_format(text: str) -> None:
    assert escape_answer(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*a* _b_ # c | d", r"\*a\* \_b\_ \# c \| d"),
        ("- dash", r"\- dash"),
        ("===", r"\==="),
        ("1. one", f"1{WJ}. one"),
        ("1.2 s", "1.2 s"),
        ("  many\n spaces ", "many spaces"),
        ("$1 [x](y) <i>", r"\$1 \[x\](y) \<i\>"),
        ("10-K, Item 1A", "10-K, Item 1A"),
    ],
)
def test_inline_text_shows_exactly_itself(text: str, expected: str) -> None:
    assert escape_inline(text) == expected


def test_lines_stay_lines() -> None:
    assert escape_lines("one\n# two") == "one  \n\\# two"


@pytest.mark.parametrize("run", ["# " + "#" * 50_000 + "x", ":" * 50_000, "-" * 50_000, "1" * 50_000, "*" * 50_000])
def test_long_runs_of_markup_are_escaped_in_time(run: str) -> None:
    began = time.process_time()
    escape_answer(run)
    escape_inline(run)
    assert time.process_time() - began < 2
