"""What the sources of the front end may do to the page: one place writes HTML, none may run anything in the browser."""

import ast
from collections.abc import Iterator
from pathlib import Path

FRONTEND = Path(__file__).parents[2] / "serving" / "frontend"
WORDS_OF_ELEMENTS_THAT_RUN = ("iframe", "components", "unsafe_allow_javascript", "unsafe_allow_html")


def walk_sources() -> Iterator[tuple[str, ast.AST]]:
    """Yield (file, node) of all modules."""
    for path in sorted(FRONTEND.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield path.relative_to(FRONTEND).as_posix(), node


def find_names(node: ast.AST) -> list[str]:
    """Return the names that a node calls, reads, imports or passes."""
    if isinstance(node, ast.Attribute):
        return [node.attr]
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.keyword):
        return [node.arg or ""]
    if isinstance(node, ast.Import | ast.ImportFrom):
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        return [*module.split("."), *(part for alias in node.names for part in alias.name.split("."))]
    return []


def test_html_is_written_to_the_page_in_one_place() -> None:
    calls = [
        file for file, node in walk_sources() if isinstance(node, ast.Attribute) and node.attr in {"html", "_html"}
    ]
    assert calls == ["evidence/passage_box.py"]


def test_nothing_is_brought_to_the_page_that_can_run_there() -> None:
    found = [
        (file, name)
        for file, node in walk_sources()
        for name in find_names(node)
        if name in WORDS_OF_ELEMENTS_THAT_RUN or name == "declare_component"
    ]
    assert found == []


def test_streamlit_is_named_st_everywhere() -> None:
    """Under another name, the calls above could not be counted."""
    aliases = {
        (alias.name, alias.asname)
        for _, node in walk_sources()
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name.startswith("streamlit")
    }
    assert aliases == {("streamlit", "st")}
    taken = [
        alias.name
        for _, node in walk_sources()
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("streamlit")
        for alias in node.names
    ]
    assert "html" not in taken
