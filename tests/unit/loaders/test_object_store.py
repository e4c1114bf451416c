"""What both stores promise: the same tests for each."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.errors import ObjectNotFoundError, PreconditionFailedError, SettingsError, StoreError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config_loader import MLConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore, is_key, split_s3_url
from finrag_ml_tg1.loaders.open_store import open_store
from finrag_ml_tg1.loaders.s3_store import S3Store

BAD_KEYS = [
    "", "/", "/etc/passwd", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "a\nb", "a\0b", "a\x85b",
    "\ud800", "a" * 256, "a/" * 600 + "a", ".finrag-lock", "a/.finrag-1.tmp",
]  # fmt: skip
SEGMENTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\"), min_size=1, max_size=20)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join).filter(is_key)
SHARED_STORE = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("data", [b"", b"x", b"\0\r\n\xff" * 1000], ids=["empty", "one byte", "binary"])
def test_get_returns_what_was_put(store: ObjectStore, data: bytes) -> None:
    info = store.put("a/b.bin", data)

    stored = store.get("a/b.bin")

    assert stored.data == data
    assert (info.key, info.size, info.etag) == ("a/b.bin", len(data), stored.etag)
    assert store.head("a/b.bin") == info
    assert list(store.list("")) == [info]


def test_large_object_comes_back_whole_and_in_ranges(store: ObjectStore) -> None:
    data = random.Random(7).randbytes(9 * 1024 * 1024)
    store.put("large", data)

    assert store.get("large").data == data
    assert store.get_range("large", 8 * 1024 * 1024 - 5, 10) == data[8 * 1024 * 1024 - 5 :][:10]


@SHARED_STORE
@given(key=KEYS, data=st.binary(max_size=50))
@example(key="a b/c+d%20&=?#;:@'\"<>*~", data=b"1")
@example(key=" leading and trailing ", data=b"2")
@example(key="日本/é/🦊", data=b"3")
def test_every_valid_key_round_trips(store: ObjectStore, key: str, data: bytes) -> None:
    info = store.put(key, data)

    assert store.get(key).data == data
    assert list(store.list(key)) == [info]
    store.delete(key)
    assert store.head(key) is None
    assert list(store.list("")) == []


@SHARED_STORE
@given(data=st.binary(max_size=20), start=st.integers(0, 25), length=st.integers(0, 25))
def test_range_is_the_slice_or_refused(store: ObjectStore, data: bytes, start: int, length: int) -> None:
    store.put("ranges", data)

    if start + length <= len(data):
        assert store.get_range("ranges", start, length) == data[start : start + length]
    else:
        with pytest.raises(StoreError):
            store.get_range("ranges", start, length)


@pytest.mark.parametrize(("start", "length"), [(-1, 1), (0, -1)])
def test_negative_range_is_refused(store: ObjectStore, start: int, length: int) -> None:
    store.put("a", b"abc")

    with pytest.raises(StoreError, match="negative"):
        store.get_range("a", start, length)


@pytest.mark.parametrize("length", [0, 1])
def test_missing_object_is_reported(store: ObjectStore, length: int) -> None:
    with pytest.raises(ObjectNotFoundError, match="no/such"):
        store.get("no/such")
    with pytest.raises(ObjectNotFoundError, match="no/such"):
        store.get_range("no/such", 0, length)
    assert store.head("no/such") is None


def test_key_below_an_object_or_above_one_does_not_exist(store: ObjectStore) -> None:
    store.put("a/b", b"1")

    assert store.head("a") is None
    assert store.head("a/b/c") is None
    with pytest.raises(ObjectNotFoundError):
        store.get("a")
    with pytest.raises(ObjectNotFoundError):
        store.get("a/b/c")


def test_list_is_sorted_by_key_and_limited_to_the_prefix(store: ObjectStore) -> None:
    keys = ["a", "b-c", "b.d/x", "b/a/z", "b/a0", "b/b", "b0", "c/é", "c/z", "ca/1", "日"]
    for key in reversed(keys):
        store.put(key, key.encode())

    assert [info.key for info in store.list("")] == sorted(keys, key=str.encode)
    for prefix in ["a", "b", "b/", "b/a", "b/a/", "b/a/z", "b/a/z/", "c/", "x", "ca/1/2", "日"]:
        expected = sorted((key for key in keys if key.startswith(prefix)), key=str.encode)
        assert [info.key for info in store.list(prefix)] == expected, prefix


def test_list_shows_the_etags_and_sizes_of_head(store: ObjectStore) -> None:
    store.put("a/1", b"1")
    store.put("a/2", b"22")

    assert list(store.list("a/")) == [store.head("a/1"), store.head("a/2")]


@pytest.mark.parametrize("prefix", ["/a", "a//", "../", "a/../", "a\\", "\n"])
def test_bad_prefix_is_refused(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(StoreError, match="prefix"):
        list(store.list(prefix))


def test_etag_changes_with_the_content_however_fast_it_is_written(store: ObjectStore) -> None:
    etags = [store.put("a", str(number).encode()).etag for number in range(100, 150)]

    assert len(set(etags)) == 50
    head = store.head("a")
    assert head is not None
    assert head.etag == etags[-1]


def test_put_with_if_match_replaces_the_version_it_names(store: ObjectStore) -> None:
    first = store.put("a", b"1")

    second = store.put("a", b"2", if_match=first.etag)

    assert store.get("a").data == b"2"
    assert second.etag != first.etag


def test_put_with_if_match_loses_against_another_version(store: ObjectStore) -> None:
    first = store.put("a", b"1")
    store.put("a", b"2")

    with pytest.raises(PreconditionFailedError, match="read it again"):
        store.put("a", b"3", if_match=first.etag)
    assert store.get("a").data == b"2"


def test_put_with_if_match_loses_when_there_is_no_object(store: ObjectStore) -> None:
    etag = store.put("a", b"1").etag
    store.delete("a")

    with pytest.raises(PreconditionFailedError):
        store.put("a", b"2", if_match=etag)
    assert store.head("a") is None


def test_put_if_absent_writes_once(store: ObjectStore) -> None:
    store.put("a", b"1", if_absent=True)

    with pytest.raises(PreconditionFailedError):
        store.put("a", b"2", if_absent=True)
    assert store.get("a").data == b"1"


def test_both_conditions_at_once_are_a_mistake_of_the_caller(store: ObjectStore) -> None:
    with pytest.raises(ValueError, match="exclude"):
        store.put("a", b"1", if_match="x", if_absent=True)


@pytest.mark.parametrize("absent", [True, False], ids=["if_absent", "if_match"])
def test_of_concurrent_conditional_writers_exactly_one_wins(store: ObjectStore, absent: bool) -> None:
    etag = None if absent else store.put("a", b"start").etag
    together = threading.Barrier(6)

    def write(number: int) -> int | None:
        together.wait()
        try:
            store.put("a", f"writer {number}".encode(), if_match=etag, if_absent=absent)
        except PreconditionFailedError:
            return None
        return number

    with ThreadPoolExecutor(6) as pool:
        winners = [number for number in pool.map(write, range(6)) if number is not None]

    assert len(winners) == 1
    assert store.get("a").data == f"writer {winners[0]}".encode()


def test_delete_removes_and_does_not_mind_a_missing_object(store: ObjectStore) -> None:
    store.put("a/b", b"1")
    store.put("a/c", b"2")

    store.delete("a/b")
    store.delete("a/b")
    store.delete("never/there")

    assert [info.key for info in store.list("")] == ["a/c"]


def test_concurrent_puts_and_deletes_in_one_place_do_not_disturb_each_other(store: ObjectStore) -> None:
    def churn(number: int) -> None:
        for turn in range(20):
            store.put(f"shared/{number}", str(turn).encode())
            store.put("shared/by all", b"x")
            assert store.get(f"shared/{number}").data == str(turn).encode()
            store.delete(f"shared/{number}")
            store.delete("shared/by all")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(churn, range(4)))

    assert list(store.list("")) == []


@pytest.mark.parametrize("key", BAD_KEYS, ids=ascii)
def test_bad_key_is_refused_by_every_method(store: ObjectStore, key: str) -> None:
    for operation in (
        lambda: store.get(key),
        lambda: store.get_range(key, 0, 1),
        lambda: store.head(key),
        lambda: store.put(key, b""),
        lambda: store.delete(key),
    ):
        with pytest.raises(StoreError, match=r"The key .* cannot be used") as caught:
            operation()
        assert "\n" not in str(caught.value)


@given(st.text(max_size=30))
def test_accepted_key_stays_below_any_root(text: str) -> None:
    assume(is_key(text))

    assert all(segment not in {"", ".", ".."} for segment in text.split("/"))
    assert not any(ord(character) < 32 or character == "\\" for character in text)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://my-bucket", ("my-bucket", "")),
        ("s3://my-bucket/", ("my-bucket", "")),
        ("s3://my.bucket/a/b/", ("my.bucket", "a/b")),
        ("folder", None),
        ("/tmp/s3", None),
    ],
)
def test_address_is_split(url: str, expected: tuple[str, str] | None) -> None:
    assert split_s3_url(url) == expected


@pytest.mark.parametrize("url", ["s3://", "s3:/b/c", "s3://ab", "s3://Upper", "s3://bucket/a//b", "s3://bucket/../b"])
def test_malformed_address_is_refused(url: str) -> None:
    with pytest.raises(StoreError):
        split_s3_url(url)


def test_open_store_chooses_by_address(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("store")

    local = open_store(str(folder), MLConfig())
    remote = open_store("s3://bucket/some/prefix/", MLConfig())

    assert isinstance(local, LocalFolderStore)
    assert local.url == str(folder)
    assert isinstance(remote, S3Store)
    assert remote.url == "s3://bucket/some/prefix"


@pytest.mark.parametrize("url", ["", "gs://bucket", "s3://key:secret@bucket"])
def test_open_store_refuses_what_is_no_address(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        open_store(url, MLConfig())
    assert "secret" not in str(caught.value)
