"""`finrag eval answers` and `grader`: answers against gold answers, and their grader against people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from finrag_ml_tg1.commands.evaluation.measuring import data_file, measure, out_option
from finrag_ml_tg1.commands.session import Session, explaining, store_option
from finrag_ml_tg1.errors import SettingsError

if TYPE_CHECKING:
    from finrag_ml_tg1.answering.models.language_model import LanguageModel

__all__ = ["answers", "grader"]

_judge_option = click.option(
    "--judge", "judge_key", help="The model that grades answers in words; without one words in common decide."
)


@click.command()
@click.option(
    "--questions",
    "questions_file",
    required=True,
    type=data_file,
    help="JSON lines: question, answer; unanswerable: true where a refusal is right; evidence (pages).",
)
@click.option("--url", help="Ask a running server instead of this process.")
@click.option("--model-key", help="The model that is to answer; the one of the settings when left out.")
@_judge_option
@click.option("--corpus", type=data_file, help="Pages as Parquet: the whole text of the evidence pages.")
@store_option
@out_option
@explaining
def answers(
    *,
    questions_file: Path,
    url: str | None,
    model_key: str | None,
    judge_key: str | None,
    corpus: Path | None,
    store_url: str | None,
    out: Path | None,
) -> None:
    """Answers correct, wrong and refused, against gold answers; whether their citations hold.

    Example: finrag eval answers --questions Q.jsonl --url http://localhost:8000 --out answers.json
    """
    from finrag_ml_tg1.evaluation.answers.asking import asking, asking_url
    from finrag_ml_tg1.evaluation.answers.questions import read_answer_questions, with_page_texts
    from finrag_ml_tg1.evaluation.answers.running import evaluate_answers

    questions = read_answer_questions(questions_file)
    if corpus is not None:
        questions = with_page_texts(questions, corpus)
    judge = _open_judge(judge_key)
    if url:
        ask = asking_url(url, model_key)
    else:
        session = Session(store_url)
        ask = asking(session.open_pipeline(), session.open_model(model_key))
    options = {"--url": url, "--model-key": model_key, "--judge": judge_key, "--corpus": corpus, "--store": store_url}
    measure(
        [
            *("answers", "--questions", str(questions_file)),
            *(text for name, value in options.items() if value for text in (name, str(value))),
        ],
        questions_file,
        lambda: evaluate_answers(questions, ask, judge=judge, tell=click.echo),
        out,
    )


@click.command()
@click.option(
    "--graded",
    required=True,
    type=data_file,
    help="Answers graded by people, as Parquet: financebench_id, model_answer, gold_answer, label.",
)
@click.option("--questions", "questions_file", required=True, type=data_file, help="The questions they answer.")
@_judge_option
@out_option
@explaining
def grader(graded: Path, questions_file: Path, judge_key: str | None, out: Path | None) -> None:
    """How often the automatic grades are those that people gave.

    Example: finrag eval grader --graded graded_answers.parquet --questions Q.jsonl --out grader.json
    """
    from finrag_ml_tg1.evaluation.answers.agreement import evaluate_grader
    from finrag_ml_tg1.evaluation.answers.questions import read_answer_questions

    judge = _open_judge(judge_key)
    measure(
        ["grader", "--graded", str(graded), "--questions", str(questions_file)]
        + (["--judge", judge_key] if judge_key else []),
        graded,
        lambda: evaluate_grader(graded, read_answer_questions(questions_file), judge=judge),
        out,
    )


def _open_judge(key: str | None) -> LanguageModel | None:
    if key is None:
        return None
    model = Session(None).open_model(key)
    if model is None:
        raise SettingsError(f"--judge {key}: extractive answers judge nothing; name a language model")
    return model
