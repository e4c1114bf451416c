import sys
from collections.abc import Iterator

import pytest
import streamlit as st

from tests.ui.stub_backend import StubBackend, serve_stub


@pytest.fixture
def stub() -> Iterator[StubBackend]:
    """A stub back end on a free loopback port."""
    with serve_stub(StubBackend()) as served:
        yield served


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    """Streamlit's caches outlive an AppTest; a test must not see another's catalog."""
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(autouse=True)
def _no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest has no reader with an address; the mock it puts in place of the server would be taken for one."""
    monkeypatch.setattr(type(st.context), "ip_address", None)


@pytest.fixture(autouse=True)
def _main_module_of_pytest() -> Iterator[None]:
    """Streamlit makes the page it runs the main module, which processes started by later tests would run again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main
