"""An answer in a language model's words, checked: citations resolve, figures and sentences are held to the evidence.

The extractive answer to the same question stands ready; it is given, and the reason told, when a model fails.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal

from finrag_ml_tg1.answering.answer import Answer, Citation
from finrag_ml_tg1.answering.citation_marks import MarkReader, used_marks
from finrag_ml_tg1.answering.grounding import words_rested_on
from finrag_ml_tg1.answering.models.language_model import (
    Cancellation,
    Finished,
    LanguageModel,
    Prompt,
    StopReason,
    TokenUsage,
)
from finrag_ml_tg1.answering.number_check import flag_numbers
from finrag_ml_tg1.answering.prompts.context import Evidence, RenderedPrompt
from finrag_ml_tg1.answering.prompts.template import NOT_IN_FILINGS, load_template
from finrag_ml_tg1.answering.support import flag_unsupported
from finrag_ml_tg1.errors import ModelError
from finrag_ml_tg1.index.sentences import sentence_spans

__all__ = ["ModelUse", "WrittenAnswer", "expected_use", "unasked", "write_answer"]

_log = logging.getLogger(__name__)

_CUT_SHORT = "The answer was cut short: the language model reached the length it may have."
_DECLINED = "The language model declined to answer."
_NOTHING = "The language model wrote nothing."
_NOTHING_FOUND = "The language model found no answer in the passages; the numbers are the filers' own."
# What models write in place of the word they were told.
_NOT = r"(?:(?:do|does|did|is|are|was|were|has|have|could)(?: not|n[’']t)|can[’']t|cannot|not)"
_SAYS_NOT_FOUND = re.compile(
    rf"\b(?:{_NOT} (?:\w+ ){{0,3}}?(?:found |contained )?in (?:the|these|any) "
    rf"(?:\w+ )?(?:filings?|passages?|evidence|documents?)"
    rf"|{_NOT} (?:\w+ )?(?:contain|provide|include|mention|disclose|state|specify|answer|address|say|cover|give|report"
    rf"|help|know|determine|find|disclosed|mentioned|specified|provided|available|stated|reported|given)"
    r"|(?:unable|not able) to (?:\w+ ){0,2}?(?:answer|determine|find|help)"
    r"|no (?:information|mention|answer|evidence)\b)",
    re.IGNORECASE,
)
# An amount that is stated is an answer; years and marks are none.
_STATES_AMOUNT = re.compile(r"(?<![\w\[])(?!(?:19|20)\d\d\b)\d[\d,.]*(?!\])")
_LETTER = re.compile(r"[^\W\d_]")
_ENDS_SENTENCE = re.compile(r"[.!?][\"”’)]*(?:\s*\[\d+\])*$")
_MOST_WORDS_OF_ABSTENTION = 40


@dataclass(frozen=True, slots=True)
class ModelUse:
    """What a language model had to do with an answer, and what it cost (USD).

    `fallback` says why the answer is not in its words after all, "" when it is. Of a generation that broke off the
    tokens are estimates. Without `is_price_known` the cost is 0 for want of a price.
    """

    key: str
    model_id: str
    usage: TokenUsage
    cost: Decimal
    stop_reason: StopReason | None
    prompt_version: str
    fallback: str = ""
    is_price_known: bool = True


@dataclass(frozen=True, slots=True)
class WrittenAnswer:
    """The answer, what the model had to do with it, and what the reader is to be told of how it came about."""

    answer: Answer
    use: ModelUse
    notes: tuple[str, ...] = ()


def expected_use(model: LanguageModel, rendered: RenderedPrompt) -> ModelUse:
    """Return what asking a model is thought to use, on the high side."""
    profile = model.profile
    written = rendered.tokens if profile.caches_prompts else 0
    return _use(model, TokenUsage(rendered.tokens, profile.max_output_tokens, written_tokens=written), None)


def unasked(model: LanguageModel, extractive: Answer, reason: str) -> WrittenAnswer:
    """Return the extractive answer where a model may not be asked, with the reason."""
    return _fallen_back(model, extractive, TokenUsage(), None, reason)


def write_answer(
    model: LanguageModel,
    rendered: RenderedPrompt,
    evidence: Evidence,
    extractive: Answer,
    count_word_pieces: Callable[[str], int],
    abstention: Callable[[], str],
    *,
    cancellation: Cancellation | None = None,
) -> Generator[str, None, WrittenAnswer]:
    """Yield the answer's Markdown as the model writes it and return it checked.

    What was yielded is replaced by what is returned: the extractive answer when the model fails, and `abstention()`,
    unanswered, when it finds no answer in passages. Closing the generator ends the model's, as a cancellation does.
    """
    reader = MarkReader([citation.number for citation in rendered.citations])
    draft = ""
    shown = 0
    finished = None
    try:
        with closing(_pieces(model, rendered.prompt, reader, cancellation)) as pieces:
            for piece in pieces:
                if isinstance(piece, Finished):
                    finished = piece
                    continue
                draft += piece
                if shown < len(draft) and not _may_become_abstention(draft):
                    yield draft[shown:]
                    shown = len(draft)
    except ModelError as error:
        usage = _estimated(rendered, draft, count_word_pieces) if draft else TokenUsage()
        return _fallen_back(model, extractive, usage, None, str(error))
    usage = finished.usage if finished else _estimated(rendered, draft, count_word_pieces)
    stop_reason = finished.stop_reason if finished else "end_turn"
    _log.debug("model %s wrote %d characters, stopped by %s", model.profile.key, len(draft), stop_reason)
    notes = _notes(rendered, evidence, reader.unknown, is_cut=stop_reason == "max_tokens")
    body = _whole_sentences(draft) if stop_reason == "max_tokens" else draft.strip()
    if stop_reason == "refusal" or not body:
        reason = _DECLINED if stop_reason == "refusal" else _NOTHING
        return _fallen_back(model, extractive, usage, stop_reason, reason)
    if _is_abstention(body):
        if evidence.found.is_found:
            return _fallen_back(model, extractive, usage, stop_reason, _NOTHING_FOUND)
        answer = replace(extractive, is_answered=False, markdown=abstention(), citations=_uncited(extractive.citations))
        return WrittenAnswer(answer, _use(model, usage, stop_reason))
    yield draft[shown:]
    if extractive.appendix:
        yield f"\n\n{extractive.appendix}"
    return WrittenAnswer(_checked(body, evidence, extractive), _use(model, usage, stop_reason), notes)


def _pieces(
    model: LanguageModel, prompt: Prompt, reader: MarkReader, cancellation: Cancellation | None
) -> Generator[str | Finished, None, None]:
    """What the model writes with its marks put right."""
    with closing(model.write(prompt, cancellation)) as writing:
        for piece in writing:
            if isinstance(piece, Finished):
                yield reader.end()
                yield piece
                return
            yield reader.feed(piece)
    yield reader.end()


def _may_become_abstention(draft: str) -> bool:
    """Whether the first words are, or may become, the one for no answer, which no reader is to see."""
    return NOT_IN_FILINGS.startswith(draft.strip()[: len(NOT_IN_FILINGS)])


def _checked(body: str, evidence: Evidence, extractive: Answer) -> Answer:
    markdown = "\n\n".join(part for part in (body, extractive.appendix) if part)
    used = set(used_marks(markdown))
    citations = tuple(_cited(citation, markdown, is_cited=citation.number in used) for citation in extractive.citations)
    texts = {citation.number: _words(citation) for citation in citations if citation.is_cited}
    numbers, sentences = flag_numbers(body, evidence.found, texts), flag_unsupported(body, texts)
    _log.debug("checked: %d passages cited, %d numbers flagged, %d sentences", len(texts), len(numbers), len(sentences))
    flags = sorted((*numbers, *sentences), key=lambda flag: flag.start)
    return replace(extractive, markdown=markdown, citations=citations, flags=tuple(flags))


def _cited(citation: Citation, markdown: str, *, is_cited: bool) -> Citation:
    if not is_cited:
        return replace(citation, highlights=(), is_cited=False)
    ranges = words_rested_on(markdown, citation.number, citation.passage) or citation.highlights
    return replace(citation, highlights=ranges, is_cited=True)


def _uncited(citations: Sequence[Citation]) -> tuple[Citation, ...]:
    return tuple(replace(citation, highlights=(), is_cited=False) for citation in citations)


def _words(citation: Citation) -> str:
    """All that is shown to the model of a passage, and so may be repeated."""
    passage = citation.passage
    head = f"{passage.company}, {passage.form} for fiscal {passage.fiscal_year}. {passage.heading}"
    return "\n".join(part for part in (head, passage.lead, passage.text) if part)


def _is_abstention(body: str) -> bool:
    """Whether the model says that the evidence holds no answer, and nothing else."""
    if re.sub(r"[\s\\*_-]+", "_", body).strip("_.").upper().startswith(NOT_IN_FILINGS):
        return True
    sentences = [body[start:end] for start, end in sentence_spans(body)]
    is_short = len(body.split()) <= _MOST_WORDS_OF_ABSTENTION
    return is_short and all(
        _SAYS_NOT_FOUND.search(sentence) and not _STATES_AMOUNT.search(sentence) for sentence in sentences
    )


def _whole_sentences(draft: str) -> str:
    """A draft that was cut off, up to its last whole sentence or table row; nothing when there is none."""
    *lines, last = draft.rstrip().split("\n")
    kept = "\n".join(lines)
    if last.lstrip().startswith("|"):
        return kept.strip()
    spans = [
        (start, end)
        for start, end in sentence_spans(last)
        if _ENDS_SENTENCE.search(last[start:end]) and _LETTER.search(last[start:end])
    ]
    marks = re.match(r"(?:\s*\[\d+\])*", last[spans[-1][1] :]) if spans else None
    return f"{kept}\n{last[: spans[-1][1] + marks.end()] if marks else ''}".strip()


def _notes(rendered: RenderedPrompt, evidence: Evidence, unknown: Sequence[int], *, is_cut: bool) -> tuple[str, ...]:
    notes = [_CUT_SHORT] if is_cut else []
    if unknown:
        notes.append("The language model cited passages that it was not given; these marks were removed.")
    if rendered.left_out:
        kept, found = len(rendered.citations), len(evidence.citations)
        notes.append(f"The language model was given {kept} of {found} passages, the most relevant: it takes no more.")
    return tuple(notes)


def _estimated(rendered: RenderedPrompt, draft: str, count_word_pieces: Callable[[str], int]) -> TokenUsage:
    return TokenUsage(rendered.tokens, count_word_pieces(draft))


def _fallen_back(
    model: LanguageModel, extractive: Answer, usage: TokenUsage, stop_reason: StopReason | None, reason: str
) -> WrittenAnswer:
    _log.debug("model %s: the filings are quoted instead: %s", model.profile.key, reason)
    note = reason if reason == _NOTHING_FOUND else f"{reason} The answer quotes the filings instead."
    answer = replace(extractive, markdown=f"{extractive.markdown}\n\nNote: {note}")
    return WrittenAnswer(answer, replace(_use(model, usage, stop_reason), fallback=reason), (note,))


def _use(model: LanguageModel, usage: TokenUsage, stop_reason: StopReason | None) -> ModelUse:
    profile = model.profile
    version = load_template().version
    cost = profile.cost(usage)
    return ModelUse(
        profile.key, profile.model_id, usage, cost, stop_reason, version, is_price_known=profile.price_known
    )
