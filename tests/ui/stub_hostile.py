"""Filings, questions and answers that try to be more than text: markup, scripts, links, directions, sizes.

None of it may come to life in a page, nor push the page out of shape. Addresses of `evil.example` stand for where a
reader, or a browser, must never be sent.
"""

from typing import Any

__all__ = ["HOSTILE", "HOSTILE_ANSWER", "HOSTILE_QUESTION", "LONG_RUN", "OVERRIDDEN", "build_hostile_passages"]

HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(2)> ![pixel](https://evil.example/p.png) "
    "[click](https://evil.example) [1](https://evil.example/a) <https://evil.example/b> https://evil.example/c "
    "www.evil.example mail@evil.example :red[alarm] :material/delete: :smile: `code` $x^2$\n\n"
    "[1]: https://evil.example/d\n\n# Shouting\n\nStill a citation [1]."
)
_MORE_MARKUP = (
    '<iframe src="https://evil.example/i"></iframe><svg onload=alert(3)></svg><style>*{display:none}</style>'
    '<a href="javascript:alert(4)">words</a><form action="https://evil.example/f"><input name="q"></form>'
    "<base href=https://evil.example/><meta http-equiv=refresh content=0;url=https://evil.example/m>"
    "</p></div></mark></td></table><math><mtext></mtext></math><!-- <![CDATA[ &lt;b&gt; &#60;script&#62; "
    "$$\\frac{1}{2}$$ \\(x\\) <video src=https://evil.example/v autoplay></video> data:text/html,<b>"
)
# Shown as it stands, the override would make 1,050 of the digits it holds.
OVERRIDDEN = "Revenue was \u202e050,1\u202c million"
_DIRECTIONS = (
    f"{OVERRIDDEN}, \u2066isolated \u2067turned\u2069 and \u202bembedded without an end, \u200f\u200e\u061cmarks,\n"
    "שלום 2024 (עברית) 10-K مرحبا 412,300 beside plain words.\nThe next line is untouched \u2069\u2069 by it."
)
_ZERO_WIDTH = "zero\u200bwidth\u200cjoined\u200dbyte\ufeffmark\u00adhyphen\u2060 end\x00\x07\x1b[31m " + "\u200b" * 5000
LONG_RUN = "W" * 100_000
_HUGE_TABLE = "\n".join(
    " | ".join([f"Row {row} <b>", *(f"{row * column:,}" for column in range(39))]) for row in range(200)
).replace("Row 3 <b>", "cell " * 2000)

HOSTILE_QUESTION = f"hostile {_MORE_MARKUP} {OVERRIDDEN} [ask](https://evil.example/q) $y$ {LONG_RUN[:1500]}"
HOSTILE_ANSWER = "\n\n".join(
    [
        HOSTILE,
        _MORE_MARKUP,
        _DIRECTIONS,
        _ZERO_WIDTH,
        "| " + " | ".join(f"column {column}" for column in range(40)) + " |\n|" + "---|" * 40 + "\n"
        "| " + " | ".join(f"[{column}](https://evil.example/t)" for column in range(40)) + " |",
        LONG_RUN[:20_000],
    ]
)


def build_hostile_passages() -> list[dict[str, Any]]:
    """Return passages in the shape of the contract, each hostile in a way of its own."""
    tables = {"kind": "table", "lead": f"<b>{_MORE_MARKUP}</b>\n | {OVERRIDDEN} | 2024"}
    return [
        _build(1, HOSTILE, source_url="javascript:alert(5)"),
        _build(2, _MORE_MARKUP, source_url="https://www.sec.gov@evil.example/", company="<img src=x onerror=alert(6)>"),
        _build(3, _HUGE_TABLE, **tables, source_url="data:text/html,<script>alert(7)</script>"),
        _build(4, _DIRECTIONS, company="\u202eevil חברה", ticker=None, source_url="https://sec.gov\u202e/moc.live"),
        _build(5, _ZERO_WIDTH, item="$7$", item_title="[Item](https://evil.example/item) \u2067"),
        _build(6, LONG_RUN, company=LONG_RUN[:5000], ticker=None, accession=LONG_RUN[:500], heading=LONG_RUN[:9000]),
        _build(
            7, f"{LONG_RUN[:900]} | {LONG_RUN[:900]} | {'9' * 900}\n" * 30, kind="table", source_url="//evil.example"
        ),
    ]


def _build(number: int, text: str, **fields: str | None) -> dict[str, Any]:
    return {
        "passage_id": f"vlmr/2024:h{number}",
        "ticker": "<b>",
        "company": "Velmora [Instruments](https://evil.example)",
        "form": "10-K:smile:",
        "fiscal_year": 2024,
        "accession": "`0009990001`",
        "item": "7",
        "item_title": ":red[Management]",
        "page": None,
        "kind": "prose",
        "lead": "",
        "heading": "# <u>Heading</u>",
        "text": text,
        "source_url": None,
        **fields,
    }
