"""Other names that large filers go by: brands, former names, nicknames; read from company_names.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import yaml

__all__ = ["other_names_of_filers"]


@lru_cache(maxsize=1)
def other_names_of_filers() -> Mapping[str, tuple[str, ...]]:
    """Return by each name, in lower case, the others that its company goes by."""
    text = files("finrag_ml_tg1.vocabulary").joinpath("company_names.yaml").read_text(encoding="utf-8")
    groups = [(str(name), *map(str, others)) for name, others in yaml.safe_load(text).items()]
    return {name: tuple(other for other in group if other != name) for group in groups for name in group}
