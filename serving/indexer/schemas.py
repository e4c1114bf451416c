"""Jobs as the API takes and gives them; a job's record in the store is the same object."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.loaders.object_store import check_key
from serving.http.problems import Problem
from serving.http.strict import Strict

__all__ = [
    "EvaluateRequest",
    "EvaluateResult",
    "FactsEvaluation",
    "FilingsEvaluation",
    "HeldProblem",
    "IndexResult",
    "IngestRequest",
    "IngestResult",
    "Job",
    "JobKind",
    "JobList",
    "ProgramsEvaluation",
    "Progress",
    "RetrievalEvaluation",
    "ScopeEvaluation",
]

_WHOLE_FOLDER = "."


def _name_below(name: str) -> str:
    """A relative path that cannot lead out of the folder it is looked for in."""
    name = name.removesuffix("/")
    if name != _WHOLE_FOLDER:
        try:
            check_key(name)
        except StoreError as error:
            raise ValueError(str(error).removesuffix(".")) from None
    return name


PathBelow = Annotated[str, StringConstraints(min_length=1, max_length=800), AfterValidator(_name_below)]
Ticker = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,12}$")]
FormName = Annotated[str, StringConstraints(pattern=r"^10-[KQ]T?(?:/A)?$")]


class IngestRequest(Strict):
    """Filings to read: from files below FINRAG_INDEXER_SOURCES, from EDGAR, or the store's own `again`."""

    sources: list[PathBelow] = Field(
        default_factory=list, max_length=500, description='Files and folders below FINRAG_INDEXER_SOURCES; "." is all.'
    )
    tickers: list[Ticker] = Field(default_factory=list, max_length=200)
    years: list[Annotated[int, Field(ge=1993, le=2100)]] = Field(default_factory=list, max_length=108)
    forms: list[FormName] = Field(default=["10-K"], min_length=1, max_length=8)
    again: bool = Field(default=False, description="Read the store's filings again that an older reader has read.")
    index: bool = Field(default=True, description="Build the index version and make it current.")
    keep_versions: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Delete what no version needs but the current one and those before it, so many in all.",
    )

    @model_validator(mode="after")
    def _names_one_origin(self) -> IngestRequest:
        if sum((bool(self.sources), bool(self.tickers), self.again)) != 1:
            raise ValueError("give sources, or tickers with years, or again: one of them")
        if bool(self.tickers) != bool(self.years):
            raise ValueError("tickers and years belong together: which companies, and which fiscal years")
        if self.keep_versions is not None and not self.index:
            raise ValueError("keep_versions goes with index: older versions are deleted once the new one is current")
        return self


class FilingsEvaluation(Strict):
    """Measures how a folder of filings with manifest.csv is read, or what is calculated from it."""

    what: Literal["items", "facts-extraction", "derived-metrics"]
    filings: PathBelow


class FactsEvaluation(Strict):
    """Asks for numbers, of the filings' own tags or of a bank of questions."""

    what: Literal["facts"]
    filings: PathBelow
    bank: PathBelow | None = None


class ProgramsEvaluation(Strict):
    """Carries out the programs of FinQA, ConvFinQA or TAT-QA."""

    what: Literal["programs"]
    questions: PathBelow
    contexts: PathBelow


class RetrievalEvaluation(Strict):
    """Looks for filings and pages on questions with known places."""

    what: Literal["retrieval"]
    data: Literal["financebench", "finqa", "docugami", "filings"]
    corpus: PathBelow
    questions: PathBelow
    scope: Literal["auto", "oracle", "none"] = "auto"
    dense: Literal["on", "off"] = "on"


class ScopeEvaluation(Strict):
    """Reads labelled questions; the store's current index tells which words are no names."""

    what: Literal["scope"]
    questions: PathBelow
    catalogs: PathBelow


EvaluateRequest = Annotated[
    FilingsEvaluation | FactsEvaluation | ProgramsEvaluation | RetrievalEvaluation | ScopeEvaluation,
    Field(discriminator="what"),
]


class Progress(BaseModel, frozen=True):
    """How far a job is; `total` is null where that is not known."""

    stage: str
    done: int = 0
    total: int | None = None


class _Measured(BaseModel, frozen=True):
    seconds: float
    peak_memory_mb: Annotated[int, Field(description="Of the largest of the job's processes.")]


class IndexResult(BaseModel, frozen=True):
    """The version that is current after the job."""

    version: str
    filings: int
    passages: int
    encoded_passages: int
    changed: bool


class IngestResult(_Measured, frozen=True):
    """What became of the filings. `skipped` names the first of those that could not be read; result.json has all."""

    read: int
    unchanged: int
    skipped_filings: int
    other_years: int
    passages: int
    facts: int
    skipped: list[str]
    index: IndexResult | None


class EvaluateResult(_Measured, frozen=True):
    """The metrics; what was missed is in result.json."""

    command: str
    n: int
    metrics: dict[str, float]
    misses: int
    index_version: str | None


JobKind = Literal["ingest", "evaluate"]


class Job(BaseModel, frozen=True):
    """A job as it stands. `result_key` names the whole result in the store; `error` says in one line what failed."""

    job_id: str
    kind: JobKind
    status: Literal["queued", "running", "succeeded", "failed"]
    request: dict[str, Any]
    owner: str
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: Progress | None = None
    result: IngestResult | EvaluateResult | None = None
    result_key: str | None = None
    error: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.status in {"succeeded", "failed"}


class JobList(BaseModel):
    """The latest jobs, newest first."""

    jobs: list[Job]


class HeldProblem(Problem):
    """Another job is running: which, on which service, and until when its lease lasts unless it is renewed."""

    job_id: str
    holder: str
    until: datetime
