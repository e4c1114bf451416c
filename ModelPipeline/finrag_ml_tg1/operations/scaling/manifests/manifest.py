"""One object of a manifest file, and how such files are read: nothing twice, nothing that YAML makes a boolean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

__all__ = ["Body", "Manifest", "field", "manifest_from", "mappings", "read_documents"]

Body = Mapping[str, Any]

# YAML 1.1 reads them as booleans when they stand without quotes; `y` and `n` only some readers do, kubectl among them.
_BOOLEANS = re.compile(r"y|n|yes|no|on|off", re.IGNORECASE)
# … and these as numbers to the base of 60 and of 8.
_ODD_NUMBERS = re.compile(r"[0-9]+(?::[0-5]?[0-9])+|0[0-9]+")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object, and the file (or the rendered overlay) that it comes from."""

    path: str
    body: Body

    @property
    def kind(self) -> str:
        """Its kind; "" when it has none."""
        return _text(self.body.get("kind"))

    @property
    def api_version(self) -> str:
        """Its apiVersion; "" when it has none."""
        return _text(self.body.get("apiVersion"))

    @property
    def group(self) -> str:
        """The API group; "" for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def name(self) -> str:
        """metadata.name; "" when there is none."""
        return _text(field(self.body, "metadata", "name"))

    @property
    def namespace(self) -> str:
        """metadata.namespace; "" when there is none."""
        return _text(field(self.body, "metadata", "namespace"))

    @property
    def labels(self) -> Body:
        """metadata.labels."""
        return field(self.body, "metadata", "labels") or {}

    @property
    def annotations(self) -> Body:
        """metadata.annotations."""
        return field(self.body, "metadata", "annotations") or {}

    def is_a(self, kind: str, group: str = "") -> bool:
        """Whether it is of this kind of this group (Knative has a Service too)."""
        return self.kind == kind and self.group == group

    def __str__(self) -> str:
        return f"{self.kind or 'object'} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def field(body: object, *path: str) -> Any:  # noqa: ANN401 - a field of YAML is of any type
    """Return the value at a path of keys; None where something on the way is missing or of another type."""
    for key in path:
        if not isinstance(body, Mapping):
            return None
        body = body.get(key)
    return body


def mappings(value: object) -> list[Body]:
    """Return the mappings of a list; [] for what is no list (which the schema tells)."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def read_documents(text: str) -> tuple[list[Any], list[str]]:
    """Return the documents of a YAML file that are not empty, and what is wrong with how they are written."""
    documents: list[Any] = []
    mistakes: list[str] = []
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                mistakes += _node_mistakes(node)
                documents.append(loader.construct_document(node))
    except yaml.YAMLError as error:
        return [], [f"it is no YAML: {' '.join(str(error).split())}"]
    finally:
        loader.dispose()
    return [document for document in documents if document is not None], mistakes


def _node_mistakes(node: yaml.Node) -> Iterator[str]:
    match node:
        case yaml.MappingNode():
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    yield f"line {key.start_mark.line + 1}: the key {key.value} is there twice: the last one counts"
                seen.add(str(key.value))
                yield from _node_mistakes(key)
                yield from _node_mistakes(value)
        case yaml.SequenceNode():
            for item in node.value:
                yield from _node_mistakes(item)
        case yaml.ScalarNode() if not node.style:
            line = f"line {node.start_mark.line + 1}"
            if _BOOLEANS.fullmatch(node.value):
                yield f"{line}: {node.value} without quotes can be read as a boolean: put it in quotes"
            elif _ODD_NUMBERS.fullmatch(node.value):
                yield f"{line}: {node.value} without quotes is another number: put it in quotes"


def manifest_from(path: str, document: object) -> Manifest | str:
    """Return the object of a document, or what is missing that makes it one."""
    if not isinstance(document, Mapping):
        return "a document is no mapping: write one object, or remove it"
    manifest = Manifest(path, document)
    for name, value in (
        ("apiVersion", manifest.api_version),
        ("kind", manifest.kind),
        ("metadata.name", manifest.name),
    ):
        if not value:
            return f"{manifest.kind or 'a document'} has no {name} that is a string"
    return manifest
