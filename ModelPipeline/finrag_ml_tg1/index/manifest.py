"""What an index version consists of: every file with size and SHA-256, the encoder, the build's parameters, counts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from finrag_ml_tg1.errors import IndexCorruptError, IndexFormatError
from finrag_ml_tg1.index.encoder import ENCODER_FILES, EncoderIdentity
from finrag_ml_tg1.loaders.expected_file import ExpectedFile, hash_blocks

__all__ = [
    "CURRENT_KEY",
    "ENCODER_FILE_NAMES",
    "FORMAT_VERSION",
    "FileEntry",
    "Manifest",
    "describe_file",
    "encoder_key",
    "is_version",
    "manifest_key",
    "part_key",
    "segment_key",
    "version_key",
]

# Raised with every change that an older reader would misread.
FORMAT_VERSION = 7

CURRENT_KEY = "index/CURRENT"

# The names of an encoder's files in a manifest, in the order of ENCODER_FILES.
ENCODER_FILE_NAMES = tuple(f"encoder/{name}" for name in ENCODER_FILES)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file's size in bytes, the hex SHA-256 of its content, and those of its blocks when it has more than one."""

    size: int
    sha256: str
    blocks: tuple[str, ...]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FileEntry:
        """Read the JSON object; raises KeyError or TypeError when it is no entry."""
        return cls(values["size"], values["sha256"], tuple(values["blocks"]))


@dataclass(frozen=True, slots=True)
class Manifest:
    """One version and its `files` by name; parts and segments are listed in the catalog."""

    encoder: EncoderIdentity
    parameters: dict[str, int]
    filings: int
    passages: int
    files: dict[str, FileEntry]

    @property
    def version(self) -> str:
        """The version's name: a hash of its content, so that the same content is the same version."""
        return hashlib.sha256(self._body().encode()).hexdigest()[:16]

    def expected_files(self) -> list[ExpectedFile]:
        """Return the version's files as the cache fetches them, in the order of `files`."""
        return [
            ExpectedFile(self.key_of(name), entry.sha256, entry.size, entry.blocks)
            for name, entry in self.files.items()
        ]

    def key_of(self, name: str) -> str:
        """Return the store key of one of `files`: an encoder's are shared between versions, the others are its own."""
        return encoder_key(self.files[name].sha256) if name in ENCODER_FILE_NAMES else version_key(self.version, name)

    def to_json(self) -> str:
        """Return the manifest file's text."""
        return json.dumps({"format": FORMAT_VERSION, "version": self.version, **json.loads(self._body())}, indent=1)

    def _body(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, expected_version: str) -> Manifest:
        """Read a manifest; raises IndexCorruptError when it is damaged, of another format or of another version."""
        try:
            values = json.loads(text)
            if values["format"] != FORMAT_VERSION:
                raise IndexFormatError(
                    f"index version {expected_version} has format {values['format']}, this program reads format "
                    f"{FORMAT_VERSION}: rebuild the index with `finrag index`"
                )
            manifest = cls(
                encoder=EncoderIdentity.from_dict(values["encoder"]),
                parameters=values["parameters"],
                filings=values["filings"],
                passages=values["passages"],
                files={name: FileEntry.from_dict(entry) for name, entry in values["files"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise IndexCorruptError(f"the manifest of index version {expected_version} is damaged") from error
        if manifest.version != expected_version:
            raise IndexCorruptError(f"the manifest of index version {expected_version} does not match its own hash")
        return manifest


def describe_file(data: bytes) -> FileEntry:
    """Return the entry of a file with this content."""
    return FileEntry(len(data), hashlib.sha256(data).hexdigest(), hash_blocks(data))


def is_version(text: str) -> bool:
    """Return whether the text has the form of a version's name."""
    return re.fullmatch(r"[0-9a-f]{16}", text) is not None


def part_key(sha256: str) -> str:
    """Return the store key of a part."""
    return f"index/parts/{sha256}"


def segment_key(sha256: str) -> str:
    """Return the store key of a segment's file."""
    return f"index/segments/{sha256}"


def encoder_key(sha256: str) -> str:
    """Return the store key of an encoder's file, which versions share."""
    return f"index/encoders/{sha256}"


def version_key(version: str, name: str) -> str:
    """Return the store key of a version's file."""
    return f"index/{version}/{name}"


def manifest_key(version: str) -> str:
    """Return the store key of a version's manifest."""
    return version_key(version, "manifest.json")
