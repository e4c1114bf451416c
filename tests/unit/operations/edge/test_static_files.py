"""How long static files may be kept, and what has to be put, removed and forgotten."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.operations.edge.publishing import invalidated_paths, plan
from finrag_ml_tg1.operations.edge.static_files import HOUR, PAGE, PERMANENT, StaticFile, cache_control, static_files


@pytest.mark.parametrize(
    ("key", "kept"),
    [
        ("static/js/index.DormvYxC.js", PERMANENT),
        ("static/media/SourceSansVF-Upright.ttf.BsWL4Kly.woff2", PERMANENT),
        ("static/js/main.3f2a91bc.js", PERMANENT),
        ("static/js/index.js", HOUR),
        ("static/js/index.settings.js", HOUR),
        ("static/js/my.Document.js", HOUR),
        ("chart.20241231.png", HOUR),
        ("my.document.pdf", HOUR),
        ("filing.0123456789abcdef.pdf", HOUR),
        ("favicon.png", HOUR),
        ("manifest.json", HOUR),
        ("index.html", PAGE),
        ("finrag-risks-2026-11-25-0123456789abcdef.html", PAGE),
        ("page.0123456789abcdef.html", PAGE),
    ],
)
def test_names_with_a_hash_are_kept_for_a_year_and_pages_not_at_all(key: str, kept: str) -> None:
    """SU-10."""
    assert cache_control(key) == kept


def test_pages_come_last_and_have_their_types(tmp_path: Path) -> None:
    for key in ("index.html", "a.html", "z/code.1234567c.js", "font.1234567c.woff2", "favicon.png", ".git/config"):
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(b"x")
    files = static_files(tmp_path)
    assert [file.key for file in files] == [
        "font.1234567c.woff2",
        "z/code.1234567c.js",
        "favicon.png",
        "a.html",
        "index.html",
    ]
    assert {file.key: file.content_type for file in files} == {
        "font.1234567c.woff2": "font/woff2",
        "z/code.1234567c.js": "text/javascript; charset=utf-8",
        "favicon.png": "image/png",
        "a.html": "text/html; charset=utf-8",
        "index.html": "text/html; charset=utf-8",
    }


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no files"):
        static_files(tmp_path)
    with pytest.raises(StoreError, match="is no folder"):
        static_files(tmp_path / "nowhere")


def test_an_index_page_is_forgotten_under_both_its_addresses() -> None:
    assert invalidated_paths("share/", ["index.html", "a b.html"]) == [
        "/share/",
        "/share/a%20b.html",
        "/share/index.html",
    ]
    assert invalidated_paths("", ["index.html"]) == ["/", "/index.html"]
    assert invalidated_paths("share/", [f"{number}.html" for number in range(31)]) == ["/share/*"]


keys = st.sampled_from(["a.html", "b.html", "c.1234567c.js", "d.1234567c.js", "e.png"])
contents = st.dictionaries(keys, st.sampled_from([b"one", b"two"]))


def as_files(content: dict[str, bytes]) -> list[StaticFile]:
    return [StaticFile(key, data, "text/plain", cache_control(key)) for key, data in content.items()]


@given(contents, contents, st.booleans())
@settings(deadline=None)
def test_what_is_carried_out_gives_the_folder_and_forgets_all_that_changed(
    here: dict[str, bytes], there: dict[str, bytes], prunes: bool
) -> None:
    files = as_files(here)
    planned = plan(files, {file.key: file.etag for file in as_files(there)}, prunes=prunes)
    after = there | {file.key: file.content for file in planned.puts}
    for key in planned.removals:
        del after[key]
    assert {key: after[key] for key in here} == here
    assert all(cache_control(key) == PERMANENT or not prunes for key in after.keys() - here.keys())
    changed = {key for key in there if key not in after or after[key] != there[key]}
    assert set(planned.forgotten) == {key for key in changed if cache_control(key) != PERMANENT}
