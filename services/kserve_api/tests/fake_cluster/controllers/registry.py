"""The image registry that Knative asks for digests and the nodes pull from; images misbehave by what their tag says."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

Behaviour = Literal["runs", "broken-pull", "missing", "crash", "wrong-port", "slow"]
_BEHAVIOURS: tuple[Behaviour, ...] = ("broken-pull", "missing", "crash", "wrong-port", "slow")


class ResolutionError(Exception):
    """A tag could not be resolved to a digest; the message is the registry's."""


def repository(image: str) -> str:
    """An image reference without its tag and digest."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}"


@dataclass(slots=True)
class Registry:
    """Every tag exists (unless its name says `missing`) until it is pushed anew; `private` prefixes need a secret."""

    pushed: dict[str, str] = field(default_factory=dict)
    private: set[str] = field(default_factory=set)
    _tags: dict[str, str] = field(default_factory=dict)  # Digest -> tag it was resolved from.

    def behaviour(self, image: str) -> Behaviour:
        """What a container of this image does: its tag says it, also when it is named by digest."""
        name, _, digest = image.partition("@")
        tag = self._tags.get(digest, "") if digest else name.rpartition("/")[2].partition(":")[2]
        return next((one for one in _BEHAVIOURS if one in tag), "runs")

    def push(self, image: str, content: str) -> str:
        """Push other content under a tag; the digest it has from now on."""
        self.pushed[image] = f"sha256:{sha256(f'{image} {content}'.encode()).hexdigest()}"
        return self.pushed[image]

    def resolve(self, image: str, *, with_secret: bool) -> str:
        """`repository@sha256:…`."""
        host = image.partition("/")[0]
        if not with_secret and any(image.startswith(prefix) for prefix in self.private):
            raise ResolutionError(
                f"failed to resolve image to digest: GET https://{host}/v2/: UNAUTHORIZED: authentication required"
            )
        if "@" in image:
            return f"{repository(image)}@{image.partition('@')[2]}"
        if self.behaviour(image) == "missing":
            raise ResolutionError(
                f"failed to resolve image to digest: HEAD https://{host}/v2/: unexpected status code 404 Not Found"
            )
        digest = self.pushed.get(image) or f"sha256:{sha256(image.encode()).hexdigest()}"
        self._tags[digest] = image.rpartition("/")[2].partition(":")[2]
        return f"{repository(image)}@{digest}"
