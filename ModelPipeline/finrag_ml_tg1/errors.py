"""The exceptions this package raises on purpose; imports nothing.

Every message is one line for the person who gets it: what was wrong and what to do. Nothing here may carry a secret
or a traceback in its text.
"""

__all__ = [
    "CacheFullError",
    "ConditionUnsupportedError",
    "EncoderMismatchError",
    "FilingError",
    "FinRAGError",
    "IndexCorruptError",
    "IndexFormatError",
    "IndexMissingError",
    "ModelError",
    "ObjectNotFoundError",
    "PreconditionFailedError",
    "SchedulerError",
    "SettingsError",
    "StoreDeniedError",
    "StoreError",
    "StoreUnavailableError",
    "VectorIndexError",
    "VectorIndexUnavailableError",
]


class FinRAGError(Exception):
    """Base of every expected failure; `str(error)` is safe to print to a user."""


class SettingsError(FinRAGError):
    """A setting is missing or wrong; the message names the variable."""


class StoreError(FinRAGError):
    """The object store refused or failed an operation."""


class CacheFullError(StoreError):
    """The cache folder's limit has no room for a file beside those in use."""


class StoreUnavailableError(StoreError):
    """The store could not be reached, or refused the credentials."""


class StoreDeniedError(StoreUnavailableError):
    """The store answers, and does not allow these credentials what was asked; it may allow them other things."""


class ObjectNotFoundError(StoreError):
    """The key does not exist in the store."""


class PreconditionFailedError(StoreError):
    """A conditional put lost: the object is not the version the writer had read."""


class ConditionUnsupportedError(StoreError):
    """The store does not keep to conditional puts, so that of two writers neither would notice the other."""

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address}: this S3 service does not keep to conditional puts (If-Match, If-None-Match), by which of two "
            "writers one notices the other: use a service that does, or `finrag publish --sole-writer`"
        )


class FilingError(FinRAGError):
    """A file is no annual report that can be read; the message gives the reason."""


class SchedulerError(FinRAGError):
    """The scheduler that filings are sent to, or one of its workers, cannot do the work."""


class IndexMissingError(FinRAGError):
    """The store holds no current index version."""


class IndexCorruptError(FinRAGError):
    """A file of the index does not match its manifest."""


class IndexFormatError(IndexCorruptError):
    """An index version of a format that another version of this program reads."""


class ModelError(FinRAGError):
    """A language model could not be asked, or did not finish.

    `str(error)` is one plain sentence for the reader of an answer; `detail`, on one line, is for whoever runs the
    server: what the provider said, and what to check.
    """

    def __init__(self, message: str, detail: str = "") -> None:
        super().__init__(message)
        self.detail = detail or message


class EncoderMismatchError(FinRAGError):
    """The query encoder is not the one the index was built with."""


class VectorIndexError(FinRAGError):
    """The outside engine for vectors refused an operation, or does not hold what the index needs."""


class VectorIndexUnavailableError(VectorIndexError):
    """The outside engine could not be reached, is too busy, or refused the credentials."""
