"""A conversation as one document that stands by itself. Pure: the same turns and day give the same document."""

from collections.abc import Sequence
from datetime import date

from serving.frontend.contract.answer import Answer
from serving.frontend.contract.passages import Citation
from serving.frontend.contract.understood import Understood
from serving.frontend.conversation.asking import Failure, Progress, Stopped
from serving.frontend.conversation.conversation import Turn
from serving.frontend.conversation.cost import describe_cost
from serving.frontend.conversation.flags import mark_flags
from serving.frontend.evidence.source_labels import label_item
from serving.frontend.scope.chips import describe_filters
from serving.frontend.takeaway.answer_text import read_answer
from serving.frontend.takeaway.blocks import Block, Box, Document, Heading, Items, Line, Paragraph, Run, plain
from serving.frontend.takeaway.figure_blocks import build_numbers, build_steps
from serving.frontend.takeaway.quotation import quote_passage
from serving.frontend.takeaway.web_address import encode_address

__all__ = ["build_document"]

_MAX_HEADING_CHARS = 160


def build_document(turns: Sequence[Turn], made_on: date) -> Document:
    """Return the turns as a document with a heading of level 1, one of level 2 for each question, sources and all."""
    blocks: list[Block] = [
        Heading(1, plain("Answer by FinRAG" if len(turns) == 1 else "Conversation with FinRAG")),
        Paragraph((plain(_describe_making(turns, made_on)),), is_small=True),
    ]
    if len(turns) > 1:
        links = (Run(_shorten(turn.question), target=f"#{_anchor(turn)}") for turn in turns)
        blocks.append(Items(tuple((Paragraph(((link,),)),) for link in links), start=turns[0].number))
    for turn in turns:
        blocks += _build_turn(turn, is_numbered=len(turns) > 1)
    title = _shorten(turns[0].question) if len(turns) == 1 else f"Conversation of {len(turns)} questions"
    return Document(f"{title} · FinRAG", tuple(blocks))


def _describe_making(turns: Sequence[Turn], made_on: date) -> str:
    answers = [turn.outcome for turn in turns if isinstance(turn.outcome, Answer)]
    versions = list(dict.fromkeys(answer.index_version for answer in answers if answer.index_version))
    indexes = f" Index {', '.join(versions)}." if versions else ""
    return (
        f"Made by FinRAG from filings with the SEC; saved on {made_on.isoformat()} (UTC).{indexes} "
        "Check what matters against the filings themselves."
    )


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_HEADING_CHARS else f"{line[: _MAX_HEADING_CHARS - 1].rstrip()}…"


def _anchor(turn: Turn) -> str:
    return f"question-{turn.number}"


def _build_turn(turn: Turn, *, is_numbered: bool) -> list[Block]:
    number = f"{turn.number}. " if is_numbered else ""
    blocks: list[Block] = [Heading(2, plain(number + _shorten(turn.question)), _anchor(turn))]
    if _shorten(turn.question) != turn.question:
        blocks.append(Paragraph(tuple(plain(line) for line in turn.question.splitlines() if line.strip())))
    limits = describe_filters(turn.query.filters)
    if limits:
        blocks.append(Paragraph((plain(f"Limited to {limits}"),), is_small=True))
    match turn.outcome:
        case Answer():
            return [*blocks, *_build_answer(turn.number, turn.outcome)]
        case Failure():
            return [*blocks, *_build_failure(turn.number, turn.outcome)]
        case Stopped():
            warning = _warn("This answer was stopped.", "What is here is not the whole answer.")
            return [*blocks, *_build_unfinished(turn.number, warning, turn.outcome.progress)]
    return [*blocks, _warn("This question had no answer yet when this was saved.")]


def _build_failure(number: int, failure: Failure) -> list[Block]:
    request = f"Request {failure.request_id}" if failure.request_id else ""
    warning = _warn(failure.title, *failure.detail.splitlines(), *filter(None, [request]))
    is_begun = failure.progress.text or failure.progress.sources
    return _build_unfinished(number, warning, failure.progress) if is_begun else [warning]


def _build_unfinished(number: int, warning: Box, progress: Progress) -> list[Block]:
    citations = progress.sources.citations if progress.sources else ()
    return [
        Heading(3, plain("Answer")),
        warning,
        *read_answer(progress.text, _name_anchors(number, citations)),
        *_build_sources(number, citations),
    ]


def _warn(title: str, *lines: str) -> Box:
    return Box("warning", (Paragraph(((Run(title, is_bold=True),), *map(plain, lines))),))


def _build_answer(number: int, answer: Answer) -> list[Block]:
    anchors = _name_anchors(number, answer.citations)
    blocks: list[Block] = [Heading(3, plain("Answer"))]
    if answer.abstained:
        blocks.append(Paragraph(((Run("The filings covered here do not hold this answer.", is_bold=True),),)))
    blocks += read_answer(mark_flags(answer.text, answer.flags), anchors)
    if answer.flags:
        blocks.append(_build_warning(answer))
    if answer.calculations:
        heading = "Calculation" if len(answer.calculations) == 1 else "Calculations"
        blocks += [Heading(3, plain(heading)), *build_steps(answer.calculations, anchors, level=4)]
    if answer.facts:
        blocks += [Heading(3, plain("Exact numbers")), build_numbers(answer.facts, anchors)]
    blocks += _build_sources(number, answer.citations)
    return [*blocks, Heading(3, plain("About this answer")), _describe_answer(answer)]


def _build_warning(answer: Answer) -> Box:
    items = tuple((Paragraph((plain(f"“{flag.text}”: {flag.reason}"),)),) for flag in answer.flags)
    title = Run("⚠ Check this before you use it", is_bold=True)
    return Box("warning", (Paragraph(((title,),)), Items(items)))


def _name_anchors(number: int, citations: Sequence[Citation]) -> dict[int, str]:
    """Return what the cited sources of a turn are linked by."""
    return {citation.n: f"source-{number}-{citation.n}" for citation in citations if citation.cited}


def _build_sources(number: int, citations: Sequence[Citation]) -> list[Block]:
    anchors = _name_anchors(number, citations)
    found = [citation for citation in citations if not citation.cited]
    blocks: list[Block] = [Heading(3, plain("Sources"))] if anchors else []
    for citation in citations:
        if citation.cited:
            blocks += _build_source(citation, anchors[citation.n])
    if found:
        blocks += [Heading(3, plain("Also found, not cited by the answer")), _list_found(found)]
    return blocks


def _build_source(citation: Citation, anchor: str) -> list[Block]:
    return [
        Heading(4, plain(_name_source(citation)), anchor),
        Paragraph((_describe_place(citation),)),
        Box("quote", quote_passage(citation.text, citation.highlights)),
    ]


def _list_found(citations: Sequence[Citation]) -> Items:
    return Items(tuple((Paragraph((plain(_name_source(each)), _describe_place(each))),) for each in citations))


def _name_source(citation: Citation) -> str:
    ticker = f" ({citation.ticker})" if citation.ticker else ""
    year = f", fiscal year {citation.fiscal_year}" if citation.fiscal_year is not None else ""
    return f"[{citation.n}] {citation.company}{ticker}, Form {citation.form}{year}"


def _describe_place(citation: Citation) -> Line:
    section = ". ".join(filter(None, [label_item(citation.item) if citation.item else None, citation.item_title]))
    page = f"Page {citation.page}" if citation.page is not None else ""
    place = " · ".join(filter(None, [section, page, f"Accession number {citation.accession}"]))
    address = encode_address(citation.source_url)
    return (Run(place), *((Run(" · "), Run("Open the filing", target=address)) if address else ()))


def _describe_answer(answer: Answer) -> Items:
    understood = answer.understood
    lines = [
        *([_describe_understood(understood)] if understood.companies or not answer.abstained else []),
        *(f"Note: {note}" for note in understood.notes if note not in answer.text),
        f"Time, model and cost: {describe_cost(answer)}",
        *([f"Index version: {answer.index_version}"] if answer.index_version else []),
        f"Request: {answer.request_id}",
    ]
    return Items(tuple((Paragraph((plain(line),)),) for line in lines))


def _describe_understood(understood: Understood) -> str:
    years = ", ".join(map(str, understood.fiscal_years))
    parts = [
        ", ".join(company.name for company in understood.companies) or "any company",
        f"fiscal {years}" if years else "any fiscal year",
        ", ".join(label_item(item) for item in understood.items),
    ]
    return f"Understood as: {' · '.join(filter(None, parts))}"
