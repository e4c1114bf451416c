"""Requests as a back end gets them over a long day: mostly questions, some odd, some wrong, some for other routes."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Request", "draw_question", "draw_request"]

_ABOUT_ONE = (
    "What are the main risk factors of {company} in {year}?",
    "What were {company}'s total revenues in {year}?",
    "Why did operating income of {company} change in fiscal {year}?",
    "How many employees did {ticker} have in {year}?",
    "Describe the competition {company} faces.",
)
_ABOUT_ALL = (
    "Which companies mention tariffs as a risk?",
    "Compare revenue of {company} and {other} in {year}.",
    "Who depends on a single supplier?",
    "revenue",
)
_ODD = (
    "?" * 200,
    "收入是多少？ 2024",
    "a " * 1700,
    "\u202e\u0000\ufffd 2024 $$$ %s {0}",
    "SELECT * FROM filings; --",
    "Item 1A " * 300,
)
_WRONG: tuple[dict[str, Any], ...] = (
    {},
    {"question": ""},
    {"question": "x" * 4000},
    {"question": 7},
    {"question": "What is revenue?", "unknown": 1},
    {"question": "What is revenue?", "top_k": 1000},
    {"question": "What is revenue?", "filters": {"fiscal_years": ["soon"]}},
)


_KINDS = ("asked", "streamed", "odd", "wrong", "malformed", "catalog", "passage", "facts", "usage", "feedback")
_WEIGHTS = (50, 25, 4, 8, 2, 3, 4, 2, 1, 1)


@dataclass(frozen=True, slots=True)
class Request:
    """One request; `is_wrong` when the answer has to be a 4xx."""

    method: str
    path: str
    content: bytes | None = None
    is_wrong: bool = False
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


def draw_request(chooser: random.Random, companies: list[dict[str, Any]], passage_ids: list[str]) -> Request:
    """Return a request about what the catalog's `companies` cover; three of four are questions."""
    kind = chooser.choices(_KINDS, _WEIGHTS)[0]
    match kind:
        case "asked":
            request = _query({"question": draw_question(chooser, companies), **_options(chooser, companies)})
        case "streamed":
            body = {"question": draw_question(chooser, companies), **_options(chooser, companies)}
            request = _query(body, "/query/stream")
        case "odd":
            request = _query({"question": chooser.choice(_ODD)})
        case "wrong":
            request = Request("POST", "/query", json.dumps(chooser.choice(_WRONG)).encode(), is_wrong=True)
        case "malformed":
            request = Request("POST", "/query", chooser.choice((b"{", b"\xff\xfe", b" " * 600_000)), is_wrong=True)
        case "catalog":
            request = Request("GET", "/catalog")
        case "facts":
            tickers = ",".join(company["tickers"][0] for company in chooser.choices(companies, k=2))
            request = Request("GET", f"/facts?tickers={tickers}&metrics=revenue,net_income")
        case "usage":
            request = Request("GET", "/usage")
        case "feedback":
            body = {"request_id": f"soak-{chooser.randrange(10**9)}", "verdict": "good"}
            request = Request("POST", "/feedback", json.dumps(body).encode())
        case _:
            is_wrong = chooser.random() < 0.3
            name = "none-of-ours" if is_wrong else chooser.choice(passage_ids)
            request = Request("GET", f"/passages/{name}", is_wrong=is_wrong)
    return request


def draw_question(chooser: random.Random, companies: list[dict[str, Any]]) -> str:
    """Return a question about what the companies cover, or about a year that none covers."""
    company, other = chooser.choice(companies), chooser.choice(companies)
    year = chooser.choice([*(filing["fiscal_year"] for filing in company["filings"]), 1987])
    template = chooser.choice(_ABOUT_ONE if chooser.random() < 0.8 else _ABOUT_ALL)
    return template.format(company=company["name"], other=other["name"], ticker=company["tickers"][0], year=year)


def _options(chooser: random.Random, companies: list[dict[str, Any]]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if chooser.random() < 0.2:
        options["filters"] = {"tickers": [chooser.choice(companies)["tickers"][0]]}
    if chooser.random() < 0.2:
        options["top_k"] = chooser.randint(1, 50)
    if chooser.random() < 0.2:
        options["history"] = [{"role": "user", "content": "And the year before? " * 50}] * chooser.randint(1, 20)
    return options


def _query(body: dict[str, Any], path: str = "/query") -> Request:
    return Request("POST", path, json.dumps(body).encode())
