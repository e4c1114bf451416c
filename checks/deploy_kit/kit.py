"""The deploy kit as a whole: every file, against the one descriptor."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain

from checks.deploy_kit.build_context import context_mistakes
from checks.deploy_kit.compose import compose_mistakes
from checks.deploy_kit.described import described_mistakes
from checks.deploy_kit.files import Files
from checks.deploy_kit.images import image_mistakes
from checks.deploy_kit.nixpacks import nixpacks_mistakes
from checks.deploy_kit.procfile import procfile_mistakes
from checks.deploy_kit.secrets_example import example_mistakes
from checks.deploy_kit.streamlit_config import streamlit_mistakes
from finrag_ml_tg1.operations.deployment.descriptor import Descriptor, DescriptorError, parse_descriptor

__all__ = ["kit_mistakes"]

_CHECKS: tuple[Callable[[Descriptor, Files], Iterable[str]], ...] = (
    described_mistakes,
    procfile_mistakes,
    nixpacks_mistakes,
    image_mistakes,
    context_mistakes,
    compose_mistakes,
    streamlit_mistakes,
    example_mistakes,
)


def kit_mistakes(files: Files) -> list[str]:
    """Return what is wrong with the kit's files or between them, one line each, which begins with the file's name."""
    try:
        descriptor = _descriptor(files["sevalla.yml"])
    except DescriptorError as error:
        return [str(error)]
    return list(chain.from_iterable(check(descriptor, files) for check in _CHECKS))


@cache
def _descriptor(text: str) -> Descriptor:
    return parse_descriptor(text)
