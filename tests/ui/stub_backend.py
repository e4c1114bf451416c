"""A back end that answers with canned JSON in the shape of the contract, for a company that does not exist.

Run it beside the front end with `python -m tests.ui.stub_backend --port 8000`. What it answers follows from words in
the question: "abstain", "hostile", "limit", "long", "slow", "broken", "held"; "margin" and "trend" get an answer in
numbers; anything else gets a cited answer.
"""

import argparse
import json
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.ui.stub_coverage import build_usage
from tests.ui.stub_hostile import HOSTILE, HOSTILE_ANSWER, build_hostile_passages
from tests.ui.stub_numbers import COMPANY, build_margin, build_revenues

__all__ = ["COMPANY", "REQUEST_ID", "RISK_SENTENCE", "StubBackend", "serve_stub"]

Json = dict[str, Any]

REQUEST_ID = "req-0001"
ACCESSION = "0009990001-24-000001"
RISK_SENTENCE = "One supplier makes all of the naïve-phase sensors 🛰 that our gauges need."
RISK_TEXT = (
    "We buy parts from few makers.\n"
    f"{RISK_SENTENCE} A stop at that maker would halt our lines for up to nine months.\n"
    "We keep stock for about six weeks of output & test a second <source>."
)
TABLE_TEXT = (
    "Net sales | $ 412,300 | $ 389,750\nCost of sales | 251,100 | 240,020\nGross margin | 161,200 | 149,730\n"
    "Selling and administrative | 88,400 | 81,900\nOperating income (loss) | 72,800 | (1,170)"
)
TABLE_LEAD = "Results of operations\n(in thousands)\n | Fiscal 2024 | Fiscal 2023"
ANSWER = (
    "Net sales were **$412.3 million** in fiscal 2024, against $389.8 million in fiscal 2023 [1].\n\n"
    "| | Fiscal 2024 | Fiscal 2023 |\n|:---|---:|---:|\n| Net sales | $412.3 million | $389.8 million |\n"
    "| Change | +5.8 % | |\n\n"
    "- Period: year ended 2024-06-30\n- All sensors come from one supplier [2]\n\n"
    "Calculation: (412.3 - 389.8) / 389.8 = 5.8 %"
)
MARGIN_ANSWER = (
    f"**{COMPANY}: Gross margin, fiscal 2024: about 39.10 %**\n\n"
    "- Gross margin = Gross profit ÷ Revenue = 161,200 ÷ 412,300 (thousands) = about 39.10 %\n"
    "- Gross profit: $161,200 thousand [1]\n- Revenue: $412,300 thousand [1]"
)
TREND_ANSWER = (
    "| | Period | Value |\n|---|---|---:|\n| Revenue | fiscal 2022 | $371,204 thousand |\n"
    "| Revenue | fiscal 2023 | $389,750 thousand |\n| Revenue | fiscal 2024 | $412,300 thousand |\n\n"
    "Note: Fiscal years end in June."
)


def build_passage(passage_id: str, text: str, *, kind: str = "prose", lead: str = "", heading: str = "") -> Json:
    return {
        "passage_id": passage_id,
        "ticker": "VLMR",
        "company": COMPANY,
        "form": "10-K",
        "fiscal_year": 2024,
        "accession": ACCESSION,
        "item": "7" if kind == "table" else "1A",
        "item_title": "Management's Discussion and Analysis" if kind == "table" else "Risk Factors",
        "page": None,
        "kind": kind,
        "lead": lead,
        "heading": heading,
        "text": text,
        "source_url": "https://filings.example/velmora-2024.htm",
    }


PASSAGES = {
    "vlmr/2024:t1": build_passage(
        "vlmr/2024:t1", TABLE_TEXT, kind="table", lead=TABLE_LEAD, heading="Results of Operations"
    ),
    "vlmr/2024:r1": build_passage("vlmr/2024:r1", RISK_TEXT, heading="Risks of Supply"),
    "vlmr/2024:r2": build_passage("vlmr/2024:r2", "A rival could copy our gauges. " * 60, heading="Risks of Rivalry"),
    **{passage["passage_id"]: passage for passage in build_hostile_passages()},
}


def build_citation(n: int, passage_id: str, highlights: list[list[int]], *, cited: bool = True) -> Json:
    passage = {name: value for name, value in PASSAGES[passage_id].items() if name not in {"kind", "lead", "heading"}}
    return {**passage, "n": n, "highlights": highlights, "cited": cited}


def build_answer(question: str, text: str, citations: list[Json], *, status: str = "answered") -> Json:
    return {
        "request_id": REQUEST_ID,
        "query": question,
        "status": status,
        "answer": text,
        "flags": [],
        "citations": citations,
        "facts": [],
        "calculations": [],
        "resolved": {
            "companies": [{"cik": 9990001, "name": COMPANY, "tickers": ["VLMR"]}],
            "fiscal_years": [2024, 2023],
            "items": ["7", "1A"],
            "metrics": ["revenue"],
            "notes": ["Fiscal 2024 ends on 2024-06-30."],
        },
        "metadata": {
            "llm": {
                "model_id": "extractive",
                "model_key": "extractive",
                "input_tokens": 0,
                "output_tokens": 0,
                "total_tokens": 0,
                "cached_tokens": 0,
                "cost": 0.0,
                "price_known": True,
                "stop_reason": "end_turn",
                "prompt_version": None,
                "fallback": None,
            },
            "context": {"kpi_included": True, "rag_included": True, "context_length": 900},
            "timings_ms": {"retrieve": 12},
            "index_version": "2024-07-01T00-00-00",
            "timestamp": "2024-07-01T00:00:00Z",
            "processing_time_ms": 1234,
            "cached": False,
        },
    }


def answer_question(question: str) -> Json:
    """Return the canned answer for a question."""
    if "abstain" in question:
        text = f"No filing of fiscal year 1999 is covered. For {COMPANY}, fiscal years 2022 to 2024 are."
        return build_answer(question, text, [], status="abstained")
    if "hostile" in question:
        hostile = [passage["passage_id"] for passage in build_hostile_passages()]
        citations = [build_citation(n, each, [[0, 8]], cited=n < 7) for n, each in enumerate(hostile, start=1)]
        answer = build_answer(question, HOSTILE_ANSWER, citations)
        answer["resolved"] |= {"notes": [HOSTILE], "companies": [{"cik": 1, "name": HOSTILE, "tickers": []}]}
        return answer
    start = RISK_TEXT.index(RISK_SENTENCE)
    table_start, table_end = 0, TABLE_TEXT.index("\n")
    if "margin" in question or "trend" in question:
        return answer_in_numbers(question, build_citation(1, "vlmr/2024:t1", [[table_start, table_end]]))
    citations = [
        build_citation(1, "vlmr/2024:t1", [[table_start, table_end]]),
        build_citation(2, "vlmr/2024:r1", [[start, start + len(RISK_SENTENCE)]]),
        build_citation(3, "vlmr/2024:r2", [], cited=False),
    ]
    return build_answer(question, ANSWER, citations)


def answer_in_numbers(question: str, citation: Json) -> Json:
    """Return a gross margin for "margin", else three years of revenue."""
    if "margin" not in question:
        return {**build_answer(question, TREND_ANSWER, [citation]), "facts": build_revenues()}
    margin = build_margin()
    answer = build_answer(question, MARGIN_ANSWER, [citation, build_citation(2, "vlmr/2024:r1", [], cited=False)])
    return {**answer, "facts": margin["inputs"], "calculations": [margin]}


def build_catalog() -> Json:
    filings = [
        {
            "form": "10-K",
            "fiscal_year": year,
            "period_end": f"{year}-06-30",
            "accession": ACCESSION.replace("-24-", f"-{year % 100}-"),
            "items": ["1", "1A", "7", "8"],
            "coverage": {
                "characters": 1,
                "passages": 1,
                "facts": 0,
                "checks_made": 0,
                "checks_held": 0,
                "items_expected": 4,
                "items_found": 4,
                "items_missing": [],
                "share_in_items": 1.0,
                "pointers": {},
                "doubts": [],
                "notes": [],
            },
        }
        for year in (2022, 2023, 2024)
    ]
    return {
        "index_version": "2024-07-01T00-00-00",
        "companies": [{"cik": 9990001, "name": COMPANY, "tickers": ["VLMR"], "filings": filings}],
        "items": [
            {"item": "1", "title": "Business"},
            {"item": "1A", "title": "Risk Factors"},
            {"item": "7", "title": "Management's Discussion and Analysis"},
            {"item": "8", "title": "Financial Statements"},
        ],
        "models": [
            {"key": "extractive", "model_id": "extractive", "input_price": 0, "output_price": 0, "is_default": True}
        ],
        "metrics": [
            {"name": "revenue", "label": "Revenue", "unit": "USD"},
            {"name": "operating_income", "label": "Operating income", "unit": "USD"},
            {"name": "gross_margin", "label": "Gross margin", "unit": "ratio"},
        ],
    }


@dataclass
class Reply:
    """One HTTP answer."""

    status: int
    body: object
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


def build_problem(status: int, title: str, detail: str, **more: object) -> Reply:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Reply(status, body, content_type="application/problem+json")


def stream_of(whole: Reply) -> Reply:
    """Return as a stream what `POST /query` would return; an error stays as it is."""
    if whole.status != 200 or not isinstance(whole.body, dict):
        return whole
    answer = whole.body.get("answer")
    words = answer.split(" ") if isinstance(answer, str) else []
    stages = ("received", "understanding", "facts", "retrieval", "answering")
    events: list[tuple[str, Json]] = [("status", {"stage": stage, "ms": 1.5}) for stage in stages]
    if "resolved" in whole.body:
        events.append(("resolved", whole.body["resolved"]))
        events.append(("sources", {name: whole.body[name] for name in ("citations", "facts", "calculations")}))
    events += [("token", {"text": word if number == 0 else f" {word}"}) for number, word in enumerate(words)]
    events.append(("done", whole.body))
    sent = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
    return Reply(200, f": ping\n\n{sent}", content_type="text/event-stream")


@dataclass
class StubBackend:
    """What the stub answers, and what it was sent. `replies` overrides a path, `answers` a question.

    `mode` is ok, degraded or no index.
    """

    url: str = ""
    mode: str = "ok"
    replies: dict[str, Reply] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    questions: list[Json] = field(default_factory=list)
    lookups: list[dict[str, list[str]]] = field(default_factory=list)
    feedback: list[Json] = field(default_factory=list)
    # While it is not set, the answer to a question with "held" stops in the middle of its words.
    gate: threading.Event = field(default_factory=threading.Event)
    is_left: threading.Event = field(default_factory=threading.Event)
    headers: list[dict[str, str]] = field(default_factory=list)

    def answer(self, path: str, body: Json | None) -> Reply:
        path, _, query = path.partition("?")
        if path == "/query/stream" and path not in self.replies:
            return stream_of(self.answer("/query", body))
        if path in self.replies:
            return self.replies[path]
        if path.startswith("/passages/"):
            return self._answer_passage(unquote(path.removeprefix("/passages/")))
        routes: dict[str, Callable[[], Reply]] = {
            "/health": self._answer_health,
            "/readyz": self._answer_readiness,
            "/catalog": lambda: Reply(200, build_catalog()),
            "/facts": lambda: self._answer_facts(parse_qs(query)),
            "/usage": lambda: Reply(200, build_usage()),
            "/query": lambda: self._answer_query(body or {}),
            "/feedback": lambda: self._take_feedback(body or {}),
        }
        return routes[path]() if path in routes else build_problem(404, "Not Found", "There is no such page.")

    def _answer_health(self) -> Reply:
        missing = self.mode == "no index"
        body = {
            "status": "degraded" if self.mode == "degraded" else "ok",
            "store": "unreachable" if self.mode == "degraded" else "reachable",
            "index_version": None if missing else "2024-07-01T00-00-00",
            "filings": 0 if missing else 3,
            "passages": 0 if missing else 1842,
            "uptime_s": 5.0,
            "rss_mb": 200.0,
        }
        return Reply(200, body)

    def _answer_readiness(self) -> Reply:
        if self.mode == "no index":
            return build_problem(503, "Not ready", "The store holds no current index version.")
        return Reply(200, {"status": "ready"})

    def _answer_facts(self, asked: dict[str, list[str]]) -> Reply:
        """Return what is known of the metrics asked for, with an input that nobody asked for and one missing number."""
        self.lookups.append(asked)
        metrics = asked["metrics"][0].split(",")
        margin = build_margin()
        body = {
            "index_version": "2024-07-01T00-00-00",
            "facts": [*(build_revenues() if "revenue" in metrics else []), margin["inputs"][0]],
            "calculations": [margin] if "gross_margin" in metrics else [],
            "missing": [
                {"company": COMPANY, "ticker": "VLMR", "metric": "", "fiscal_year": 2021, "reason": "No such year."}
            ],
        }
        return Reply(200, body)

    def _take_feedback(self, body: Json) -> Reply:
        self.feedback.append(body)
        return Reply(202, {"accepted": True})

    def _answer_passage(self, passage_id: str) -> Reply:
        if passage_id not in PASSAGES:
            return build_problem(404, "Not Found", "There is no such passage.")
        before = [build_passage("vlmr/2024:b1", "We sell gauges to laboratories in nine countries.")]
        after = [build_passage("vlmr/2024:a1", "Prices of parts may rise faster than ours.")]
        return Reply(200, {"passage": PASSAGES[passage_id], "before": before, "after": after})

    def _answer_query(self, body: Json) -> Reply:
        self.questions.append(body)
        question = str(body.get("question", ""))
        if question in self.answers:
            return Reply(200, self.answers[question])
        if "limit" in question:
            reply = build_problem(429, "Too Many Requests", "Four questions are being answered already.")
            reply.headers["Retry-After"] = "7"
            return reply
        if "long" in question:
            return build_problem(413, "Content Too Large", "The request is larger than 64 KiB.")
        if len(question) < 3 or "wrongly" in question:
            errors = [{"field": "question", "message": "at least 3 characters"}]
            return build_problem(422, "Unprocessable Content", "The request is not valid.", errors=errors)
        if "broken" in question:
            return Reply(200, {"answer": None})
        if "slow" in question:
            time.sleep(4)
        return Reply(200, answer_question(question))


def _build_handler(stub: StubBackend) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply(None)

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            self._reply(json.loads(self.rfile.read(length)))

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Keep the test output quiet."""

        def _reply(self, body: Json | None) -> None:
            stub.headers.append(dict(self.headers.items()))
            reply = stub.answer(self.path, body)
            content = reply.body.encode() if isinstance(reply.body, str) else json.dumps(reply.body).encode()
            first_word = content.find(b"event: token")
            is_held = first_word > 0 and "held" in str((body or {}).get("question"))
            self.send_response(reply.status)
            for name, value in {
                "Content-Type": reply.content_type,
                **({"Transfer-Encoding": "chunked"} if is_held else {"Content-Length": str(len(content))}),
                "X-Request-ID": REQUEST_ID,
                "Connection": "close",
                **reply.headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            if is_held:
                middle = content.index(b"event: token", first_word + 1)
                self._send_chunk(content[:middle])
                self._hold()
                self._send_chunk(content[middle:])
                content = b"0\r\n\r\n"
            self.wfile.write(content)

        def _send_chunk(self, content: bytes) -> None:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(content), content))

        def _hold(self) -> None:
            """Wait at the gate; `is_left` is set when the reader goes meanwhile."""
            while not stub.gate.wait(0.02):
                readable, _, _ = select.select([self.connection], [], [], 0)
                if readable and not self.connection.recv(1):
                    stub.is_left.set()
                    return

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True


@contextmanager
def serve_stub(stub: StubBackend, port: int = 0) -> Iterator[StubBackend]:
    """Serve `stub` on a loopback port (0: any free one) while the block runs; `stub.url` is its address."""
    server = _Server(("127.0.0.1", port), _build_handler(stub))
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--mode", choices=["ok", "degraded", "no index"], default="ok")
    arguments = parser.parse_args()
    with serve_stub(StubBackend(mode=arguments.mode), arguments.port):
        threading.Event().wait()


if __name__ == "__main__":
    main()
