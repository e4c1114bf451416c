"""S3 Vectors on a loopback port: what of it we use, by the service model that botocore carries, and faults at will.

It is as unkind as the service may be: results come in small pages, equals in the order that suits us least, and an
index of the mode CLASSIC filters what it found instead of finding within the filter.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
import numpy as np
import numpy.typing as npt
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

__all__ = ["FakeS3Vectors", "serve_s3_vectors"]

_PAGE = 30
_MOST_FOUND = 10_000


@cache
def _model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("s3vectors")


class Refusal(Exception):  # noqa: N818 - the service's word for it is in `code`
    """An answer that is an exception of the service model."""

    def __init__(self, code: str, message: str = "as the test wants it") -> None:
        super().__init__(message)
        self.code = code

    @property
    def status(self) -> int:
        shape: Any = _model().shape_for(self.code)
        return int(shape.metadata.get("error", {}).get("httpStatusCode", 400))


@dataclass
class FakeIndex:
    dimension: int
    metric: str
    created: float
    mode: str = "ENHANCED"
    vectors: dict[str, tuple[npt.NDArray[np.float32], dict[str, Any]]] = field(default_factory=dict)


class FakeS3Vectors:
    """The state of the service. `faults` are codes that the next calls of an operation get, in turn."""

    url: str

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Be as new: an empty vector bucket named `bucket`."""
        self.buckets = {"bucket"}
        self.indexes: dict[tuple[str, str], FakeIndex] = {}
        self.faults: dict[str, list[str]] = {}
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.calls[operation] += 1
            self.requests.append((operation, request))
            if operation == "unsigned":
                raise Refusal("AccessDeniedException")
            if self.faults.get(operation):
                raise Refusal(self.faults[operation].pop(0))
            shape: Any = _model().operation_model(operation).input_shape
            unknown = set(request) - set(shape.members)
            report = ParamValidator().validate(_abridged(request), shape)
            if report.has_errors() or unknown:
                raise Refusal("ValidationException", report.generate_report() or f"unknown: {unknown}")
            answered: dict[str, Any] = getattr(self, f"_{operation}")(request)
            return answered

    def _index(self, request: dict[str, Any]) -> FakeIndex:
        try:
            return self.indexes[request["vectorBucketName"], request["indexName"]]
        except KeyError:
            raise Refusal("NotFoundException") from None

    def _CreateIndex(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = (request["vectorBucketName"], request["indexName"])
        if name[0] not in self.buckets:
            raise Refusal("NotFoundException")
        if name in self.indexes:
            raise Refusal("ConflictException")
        created = 1_790_000_000.0 + self.calls["CreateIndex"]
        self.indexes[name] = FakeIndex(request["dimension"], request["distanceMetric"], created)
        return {"indexArn": _arn(name)}

    def _GetIndex(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        index = self._index(request)
        name = (request["vectorBucketName"], request["indexName"])
        return {
            "index": {
                "vectorBucketName": name[0],
                "indexName": name[1],
                "indexArn": _arn(name),
                "creationTime": index.created,
                "dataType": "float32",
                "dimension": index.dimension,
                "distanceMetric": index.metric,
                "indexMode": index.mode,
            }
        }

    def _PutVectors(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        index = self._index(request)
        for entry in request["vectors"]:
            vector = np.array(entry["data"]["float32"], dtype=np.float32)
            if len(vector) != index.dimension or not np.isfinite(vector).all() or not vector.any():
                raise Refusal("ValidationException")
            index.vectors[entry["key"]] = (vector, entry.get("metadata", {}))
        return {}

    def _DeleteVectors(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        index = self._index(request)
        for key in request["keys"]:
            index.vectors.pop(key, None)
        return {}

    def _GetVectors(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        index = self._index(request)
        found = [(key, index.vectors[key][0]) for key in reversed(request["keys"]) if key in index.vectors]
        return {"vectors": [{"key": key, "data": {"float32": vector.tolist()}} for key, vector in found]}

    def _QueryVectors(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        index, count = self._index(request), request["topK"]
        query = np.array(request["queryVector"]["float32"], dtype=np.float32)
        if len(query) != index.dimension or count > _MOST_FOUND:
            raise Refusal("ValidationException")
        wanted = request.get("filter", {})
        is_enhanced = "ENHANCED" in (index.mode, request.get("queryMode"))
        keys = sorted(index.vectors, reverse=True)
        if is_enhanced:
            keys = [key for key in keys if _matches(index.vectors[key][1], wanted)]
        distances = {key: _cosine_distance(index.vectors[key][0], query) for key in keys}
        keys = sorted(keys, key=distances.__getitem__)[:count]
        keys = [key for key in keys if _matches(index.vectors[key][1], wanted)]
        start = int(request.get("nextToken", "0"))
        page = [{"key": key, "distance": distances[key]} for key in keys[start : start + _PAGE]]
        more = {"nextToken": str(start + _PAGE)} if start + _PAGE < len(keys) else {}
        return {"vectors": page, "distanceMetric": index.metric, **more}


@contextmanager
def serve_s3_vectors() -> Iterator[FakeS3Vectors]:
    """Serve until the block ends."""
    service = FakeS3Vectors()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece: head and body apart wait 40 ms for each other

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_signed = "/s3vectors/aws4_request" in self.headers.get("Authorization", "")
            operation = self.path.lstrip("/") if is_signed else "unsigned"
            try:
                self._send(200, service.answer(operation, json.loads(body)))
            except Refusal as refusal:
                self._send(refusal.status, {"message": str(refusal)}, refusal.code)

        def _send(self, status: int, content: dict[str, Any], error: str = "") -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            if error:
                self.send_header("x-amzn-ErrorType", error)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing: the tests look at `calls`."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _abridged(request: dict[str, Any]) -> dict[str, Any]:
    """A request with vectors of one value: each value is checked when it is written, and slowly by the model."""
    if "vectors" not in request:
        return request
    return request | {
        "vectors": [entry | {"data": {"float32": entry["data"]["float32"][:1]}} for entry in request["vectors"]]
    }


def _arn(name: tuple[str, str]) -> str:
    return f"arn:aws:s3vectors:us-east-1:000000000000:bucket/{name[0]}/index/{name[1]}"


def _cosine_distance(vector: npt.NDArray[np.float32], query: npt.NDArray[np.float32]) -> float:
    return float(np.float32(1 - vector @ query / (np.linalg.norm(vector) * np.linalg.norm(query))))


def _matches(metadata: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """A filter of the user guide: {name: {"$in": [...]}}, several under "$and"."""
    if "$and" in wanted:
        return all(_matches(metadata, part) for part in wanted["$and"])
    return all(metadata.get(name) in condition["$in"] for name, condition in wanted.items())
