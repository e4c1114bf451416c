"""The prices of deploy/pricing.yaml as frozen objects: each dated, with its source, or the file is refused."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.operations.strict_yaml import parse_strict_yaml

__all__ = [
    "PRICES_FILE",
    "AwsPrices",
    "Catalogue",
    "NodePrice",
    "Price",
    "PriceError",
    "PriceList",
    "Roles",
    "S3Prices",
    "Size",
    "read_prices",
]

PRICES_FILE = "deploy/pricing.yaml"

Confidence = Literal["documented", "reported", "noted", "assumed"]


class PriceError(FinRAGError):
    """The prices cannot be read, break a rule, or lack what is asked of them; the message names the place."""


def _written_amount(value: object) -> str:
    # YAML reads 0.10 as a double: only what stands in quotes arrives as it was written.
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,12})?", value):
        raise ValueError('an amount is written in quotes, in digits alone, for example "0.02"')
    return value


_Amount = Annotated[Decimal, BeforeValidator(_written_amount)]


class _Part(BaseModel):
    """A part of the file: a key that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Price(_Part):
    """One price in US dollars; `as_of` and `source` stand where they differ from those around it."""

    usd: _Amount
    confidence: Confidence
    as_of: date | None = None
    source: Annotated[str, Field(min_length=1)] | None = None


class Size(_Part):
    """A size of a process: what one instance may use, and its price of a month in US dollars."""

    cpu: Annotated[_Amount, Field(gt=0)]
    memory_mb: int = Field(strict=True, ge=1)
    month: Annotated[_Amount, Field(gt=0)]
    confidence: Confidence
    as_of: date | None = None
    source: Annotated[str, Field(min_length=1)] | None = None


class Roles(_Part):
    """The sizes of the two applications."""

    backend: str
    frontend: str


class Catalogue(_Part):
    """A dated list of what the platform takes; without `roles`, the descriptor says which sizes run."""

    as_of: date
    source: str = Field(min_length=1)
    hours_per_month: int = Field(strict=True, ge=1, le=744)
    roles: Roles | None = None
    sizes: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,19}$")], Size] = Field(min_length=1)
    build_minute: Price
    bandwidth_gb: Price

    @model_validator(mode="after")
    def _has_the_sizes_of_its_roles(self) -> Catalogue:
        for size in (self.roles.backend, self.roles.frontend) if self.roles else ():
            if size not in self.sizes:
                raise ValueError(f"roles: there is no size {size} here ({', '.join(self.sizes)})")
        return self


class S3Prices(_Part):
    """What a bucket takes: requests by the thousand, storage and what leaves AWS by the GB of 10⁹ bytes."""

    as_of: date
    source: str = Field(min_length=1)
    get_1000: Price
    put_1000: Price
    storage_gb_month: Price
    egress_gb: Price
    free_egress_gb_month: _Amount


class NodePrice(Price):
    """A machine by the hour: what it has for pods and for the system."""

    name: str = Field(min_length=1)
    cpu: Annotated[_Amount, Field(gt=0)]
    memory_gb: Annotated[_Amount, Field(gt=0)]


class AwsPrices(_Part):
    """What AWS takes for processes, clusters, disks, vectors and the edge, in us-east-1; GB are of 2³⁰ bytes.

    `fargate_…` by the hour of a vCPU and of a GB, `…_hour` by the hour, `…_month` by the month; `vectors_scanned_tb`
    is data that queries go through, by the TB of 2⁴⁰ bytes; `edge_gb` comes after the free GB and requests of a month.
    """

    as_of: date
    source: str = Field(min_length=1)
    fargate_vcpu_hour: Price
    fargate_gb_hour: Price
    cluster_hour: Price
    node_hour: NodePrice
    balancer_hour: Price
    balancer_unit_hour: Price
    disk_gb_month: Price
    vectors_gb_month: Price
    vectors_queries_million: Price
    vectors_scanned_tb: Price
    edge_gb: Price
    edge_requests_10000: Price
    edge_free_gb_month: _Amount
    edge_free_requests_month: _Amount


class PriceList(_Part):
    """All of the file; catalogues in its order."""

    catalogues: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,29}$")], Catalogue] = Field(min_length=1)
    s3: S3Prices
    aws: AwsPrices

    @property
    def current(self) -> Catalogue:
        """What the platform takes today, as far as is known: the newest catalogue, of equally new ones the first."""
        return max(self.catalogues.values(), key=lambda catalogue: catalogue.as_of)

    def catalogue(self, name: str) -> Catalogue:
        """Return the catalogue of that name; raises `PriceError` with the names there are."""
        if name not in self.catalogues:
            raise PriceError(f"there is no catalogue {name}: choose {' or '.join(self.catalogues)}")
        return self.catalogues[name]


def read_prices(path: Path) -> PriceList:
    """Return the prices of a file; raises `PriceError` naming what is wrong and where."""
    try:
        content = parse_strict_yaml(path.read_text("utf-8"))
    except FileNotFoundError:
        raise PriceError(f"{path} is not there: run this in the checkout, or name the file with --prices") from None
    except UnicodeDecodeError:
        raise PriceError(f"{path} is not a text file in UTF-8") from None
    except OSError as error:
        raise PriceError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise PriceError(f"{path} is no YAML of prices: {error}") from None
    try:
        return PriceList.model_validate(content)
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
        raise PriceError(f"{path}: {'; '.join(mistakes)}") from None
