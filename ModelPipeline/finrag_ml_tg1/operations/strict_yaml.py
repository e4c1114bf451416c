"""YAML that people edit: what cannot be read, or could be meant in two ways, is refused in one line."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

__all__ = ["parse_strict_yaml"]


class _OnceLoader(yaml.SafeLoader):
    """YAML whose keys stand once: of two values of one key the last would count, unsaid."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            place = f"line {node.start_mark.line + 1}"
            raise yaml.YAMLError(f"{', '.join(twice)} stands more than once in what begins at {place}")
        return super().construct_mapping(node, deep)


def parse_strict_yaml(text: str) -> object:
    """Return what a text says; raises ValueError, whose one line says what is wrong with it."""
    try:
        return yaml.load(text, _OnceLoader)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except (yaml.YAMLError, ValueError) as error:  # PyYAML lets a date that there is not through as a ValueError
        raise ValueError(" ".join(str(error).split())) from None
