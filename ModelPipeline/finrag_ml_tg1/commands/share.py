"""`finrag share`: answers as pages that stand by themselves, as the chat's dialog gives them away."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click

from finrag_ml_tg1.commands.session import explaining
from finrag_ml_tg1.errors import FinRAGError

__all__ = ["share"]


@click.command()
@click.argument("answers", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--out", "folder", required=True, type=click.Path(path_type=Path, file_okay=False), help="For the pages.")
@explaining
def share(answers: tuple[Path, ...], folder: Path) -> None:
    """Write answers, as POST /query or `finrag ask --json` gave them, as static pages with their citations.

    A page needs no server, script or font. Its name has a hash of the answer: who was not told it does not guess it.
    Example: finrag share answer.json --out shared
    """
    for path in answers:
        name, page = _page(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(page, encoding="utf-8")
        click.echo(folder / name)


def _page(path: Path) -> tuple[str, str]:
    """Return a page's name and text; raises FinRAGError when the file holds no answer."""
    from serving.frontend.contract.answer import Answer
    from serving.frontend.contract.json_row import ContractError
    from serving.frontend.contract.query import Query
    from serving.frontend.conversation.conversation import Turn
    from serving.frontend.takeaway.document import build_document
    from serving.frontend.takeaway.file_names import name_answer
    from serving.frontend.takeaway.html_document import write_html

    data = path.read_bytes()
    try:
        content = json.loads(data, parse_float=Decimal)
        turn = Turn(1, Query(str(content["query"])), outcome=Answer.from_json(content))
    except (ValueError, TypeError, KeyError, ContractError) as error:
        raise FinRAGError(f"{path} holds no answer as POST /query gives it: nothing was written") from error
    made_on = datetime.now(UTC).date()
    digest = hashlib.sha256(data).hexdigest()[:16]
    return f"{name_answer(turn, made_on)}-{digest}.html", write_html(build_document([turn], made_on))
