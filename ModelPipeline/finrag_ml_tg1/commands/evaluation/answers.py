"""`finrag eval answers` and `grader`: answers against gold answers, and their grader against people."""

from __future__ import annotations

from pathlib import Path

import click

from finrag_ml_tg1.commands.evaluation.measuring import data_file, measure, out_option
from finrag_ml_tg1.commands.session import Session, explaining, store_option

__all__ = ["answers", "grader"]


@click.command()
@click.option(
    "--questions",
    "questions_file",
    required=True,
    type=data_file,
    help="JSON lines: question, answer; unanswerable: true where a refusal is right; evidence (pages).",
)
@click.option("--url", help="Ask a running server instead of this process.")
@click.option("--model-key", help="The model the server is to answer with; needs --url.")
@click.option("--corpus", type=data_file, help="Pages as Parquet: the whole text of the evidence pages.")
@store_option
@out_option
@explaining
def answers(
    questions_file: Path,
    url: str | None,
    model_key: str | None,
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

    if model_key and not url:
        raise click.UsageError("--model-key names a model of the server: give its address with --url")
    questions = read_answer_questions(questions_file)
    if corpus is not None:
        questions = with_page_texts(questions, corpus)
    ask = asking_url(url, model_key) if url else asking(Session(store_url).open_pipeline())
    options = {"--url": url, "--model-key": model_key, "--corpus": corpus, "--store": None if url else store_url}
    measure(
        [
            *("answers", "--questions", str(questions_file)),
            *(text for name, value in options.items() if value for text in (name, str(value))),
        ],
        questions_file,
        lambda: evaluate_answers(questions, ask, judge=None, tell=click.echo),
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
@out_option
@explaining
def grader(graded: Path, questions_file: Path, out: Path | None) -> None:
    """How often the automatic grades are those that people gave.

    Example: finrag eval grader --graded graded_answers.parquet --questions Q.jsonl --out grader.json
    """
    from finrag_ml_tg1.evaluation.answers.agreement import evaluate_grader
    from finrag_ml_tg1.evaluation.answers.questions import read_answer_questions

    measure(
        ["grader", "--graded", str(graded), "--questions", str(questions_file)],
        graded,
        lambda: evaluate_grader(graded, read_answer_questions(questions_file), judge=None),
        out,
    )
