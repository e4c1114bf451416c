"""`finrag …`: the pipeline from the command line. Errors are one line; exit code 0 done, 1 partly, 2 not at all."""

from __future__ import annotations

import os
import resource
import sys
import time
import webbrowser
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from finrag_ml_tg1 import __version__
from finrag_ml_tg1.errors import FilingError, FinRAGError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.loaders.open_store import open_store

__all__ = ["main"]

P = ParamSpec("P")
R = TypeVar("R")


class _Session:
    """The settings and the store a command works on."""

    def __init__(self, store_url: str | None) -> None:
        self.config: MLConfig = load_config()
        self.cache_folder = Path(self.config.cache_dir)
        self.store: ObjectStore = open_store(store_url or self.config.store, self.config)


def _explaining(command: Callable[P, R]) -> Callable[P, R]:
    """Turn every expected failure into one line and exit code 2."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except FinRAGError as error:
            click.echo(f"finrag: {error}", err=True)
            sys.exit(2)

    return wrapped


_store_option = click.option("--store", "store_url", metavar="URL", help="Folder or s3://bucket/prefix [FINRAG_STORE].")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="finrag")
def main() -> None:
    """Ask questions about companies' annual reports and get answers that cite the filing.

    Example: finrag ingest filings/ && finrag index && finrag ask "What are Apple's main risks?"
    """


@main.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@_store_option
@_explaining
def ingest(sources: tuple[Path, ...], store_url: str | None) -> None:
    """Read filings (HTML files, gzip of them, or folders) into the store.

    Example: finrag ingest samples/filings
    """
    from finrag_ml_tg1.filings.ingest import find_sources, ingest_file
    from finrag_ml_tg1.index.encoder import OnnxEncoder
    from finrag_ml_tg1.indexing.minilm import ensure_encoder

    session = _Session(store_url)
    encoder = OnnxEncoder.load(ensure_encoder(session.cache_folder, progress=click.echo))
    started = time.perf_counter()
    failures: list[str] = []
    notes: list[str] = []
    read = unchanged = passages = 0
    with click.progressbar(find_sources(sources), label="Reading filings", item_show_func=_file_name) as files:
        for path in files:
            try:
                result = ingest_file(path, session.store, encoder.token_offsets)
            except FilingError as error:
                failures.append(str(error))
                continue
            unchanged += result.unchanged
            read += not result.unchanged
            passages += result.passages
            notes.extend(f"{path.name}: {note}" for note in result.notes if not result.unchanged)
    seconds = time.perf_counter() - started
    for note in notes:
        click.echo(f"note: {note}")
    for failure in failures:
        click.echo(f"skipped: {failure}", err=True)
    click.echo(
        f"{read} filings read, {unchanged} unchanged, {len(failures)} skipped; {passages} passages; "
        f"{seconds:.1f} s, peak memory {_peak_megabytes()} MB"
    )
    sys.exit(1 if failures else 0)


@main.command()
@_store_option
@click.option(
    "--threads",
    default=os.cpu_count() or 1,
    type=click.IntRange(1),
    show_default="all cores",
    help="Cores used for encoding.",
)
@_explaining
def index(store_url: str | None, threads: int) -> None:
    """Build a new index version from the store's filings and make it current.

    Only what changed since the current version is encoded. Example: finrag index --threads 2
    """
    from finrag_ml_tg1.index.encoder import OnnxEncoder
    from finrag_ml_tg1.indexing.build import build_index
    from finrag_ml_tg1.indexing.minilm import ensure_encoder
    from finrag_ml_tg1.loaders.cache import DiskCache

    session = _Session(store_url)
    folder = ensure_encoder(session.cache_folder, progress=click.echo)
    encoder = OnnxEncoder.load(folder, threads=threads)
    cache = DiskCache(session.cache_folder, session.store, session.config.cache_mb * 2**20)
    started = time.perf_counter()
    with click.progressbar(length=1, label="Indexing passages", show_pos=True) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        report = build_index(session.store, cache, encoder, folder, show)
    seconds = time.perf_counter() - started
    state = "now current" if report.changed else "already current, nothing to do"
    click.echo(
        f"index {report.version}: {report.filings} filings, {report.passages} passages, "
        f"{report.encoded_passages} newly encoded; {state}; {seconds:.1f} s, peak memory {_peak_megabytes()} MB"
    )


@main.command()
@click.argument("question")
@_store_option
@click.option("--json", "as_json", is_flag=True, help="The whole response as POST /query gives it.")
@click.option("--ticker", "tickers", multiple=True, help="Only this company (repeatable).")
@click.option("--year", "years", multiple=True, type=int, help="Only this fiscal year (repeatable).")
@_explaining
def ask(question: str, store_url: str | None, as_json: bool, tickers: tuple[str, ...], years: tuple[int, ...]) -> None:
    """Answer a question from the filings in the index.

    Example: finrag ask "How does Apple govern cybersecurity risk?"
    """
    from finrag_ml_tg1.loaders.cache import DiskCache
    from finrag_ml_tg1.pipeline import FinRAG
    from finrag_ml_tg1.scope import MAX_QUESTION_CHARS, MIN_QUESTION_CHARS, Filters, Question

    if not MIN_QUESTION_CHARS <= len(question.strip()) <= MAX_QUESTION_CHARS:
        raise click.UsageError(f"a question has {MIN_QUESTION_CHARS} to {MAX_QUESTION_CHARS} characters")
    session = _Session(store_url)
    cache = DiskCache(session.cache_folder, session.store, session.config.cache_mb * 2**20)
    finrag = FinRAG.open(session.store, cache, session.cache_folder)
    result = finrag.ask(Question(question, Filters(tickers=tickers, fiscal_years=years)))
    if as_json:
        from serving.backend.presentation import query_response

        click.echo(query_response(result, finrag.index.version).model_dump_json(indent=1))
        return
    click.echo(result.answer.markdown)
    cited = [citation for citation in result.answer.citations if citation.is_cited]
    if cited:
        click.echo("")
    for citation in cited:
        passage = citation.passage
        click.echo(
            f"[{citation.number}] {passage.company}, {passage.form} FY{passage.fiscal_year}, Item {passage.item or '–'}"
            f"  {passage.passage_id}"
        )
    for note in result.scope.notes:
        click.echo(f"note: {note}")
    click.echo(f"({sum(result.timings_ms.values()):.0f} ms)")


@main.command()
@_store_option
@click.option("--backend-port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--frontend-port", default=8501, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
@_explaining
def up(store_url: str | None, backend_port: int, frontend_port: int, no_browser: bool) -> None:
    """Start the back end and the chat on this machine; Ctrl-C stops both.

    Example: finrag up --frontend-port 8600
    """
    from finrag_ml_tg1.operations.local_servers import start_servers, stop_on_signals

    session = _Session(store_url)
    # Settings read here hold for both servers, which may run in another folder.
    environment = {
        **os.environ,
        "FINRAG_STORE": session.store.url,
        "FINRAG_CACHE_DIR": str(session.cache_folder.absolute()),
    }
    if session.config.api_key is not None:
        environment["FINRAG_API_KEY"] = session.config.api_key.get_secret_value()
    with stop_on_signals(), start_servers(backend_port, frontend_port, environment) as servers:
        click.echo(f"ready {servers.url}")
        if not no_browser and _has_display():
            webbrowser.open(servers.url)
        servers.wait()


@main.command()
@_store_option
@click.option("--coverage", is_flag=True, help="Also the items found in each filing.")
@_explaining
def catalog(store_url: str | None, coverage: bool) -> None:
    """List the companies and filings the current index covers.

    Example: finrag catalog --coverage
    """
    from finrag_ml_tg1.index.catalog import FILINGS_FILE, PARTS_FILE, Catalog
    from finrag_ml_tg1.index.manifest import version_key
    from finrag_ml_tg1.index.reader import current_version

    session = _Session(store_url)
    version = current_version(session.store)
    tables = [session.store.get(version_key(version, name)).data for name in (FILINGS_FILE, PARTS_FILE)]
    for row in Catalog.from_parquet(*tables).filings.sort("company", "period_end").iter_rows(named=True):
        tickers = ", ".join(row["tickers"]) or "no ticker"
        click.echo(
            f"{row['company']} ({tickers})  {row['form']} FY{row['fiscal_year']} to {row['period_end']}  "
            f"{row['passages']} passages  {row['accession']}"
        )
        if coverage:
            click.echo(f"    items: {', '.join(span['item'] for span in row['items']) or 'none recognised'}")


def _has_display() -> bool:
    """Whether a graphical browser can be shown; a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _file_name(path: Path | None) -> str | None:
    return path.name[:40] if path is not None else None


def _peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
