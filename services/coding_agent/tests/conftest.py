"""The order of the test files: those that take minutes begin, or the last one would run alone at the end."""

from __future__ import annotations

import pytest

_LONGEST_FIRST = ("test_terraform_apply.py", "test_terraform.py", "test_kills.py", "test_hostile_corpus.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
