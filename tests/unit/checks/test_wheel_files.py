"""The wheel holds our packages and nothing else."""

from __future__ import annotations

import pytest

from checks.wheel_files import wheel_files, wheel_mistakes
from tests.sample_index import ROOT


def test_our_wheel_holds_programs_alone() -> None:
    names = wheel_files(ROOT)
    assert wheel_mistakes(names) == []
    assert {"finrag_ml_tg1/cli.py", "serving/backend/app.py"} <= set(names)


@pytest.mark.parametrize(
    "name",
    [
        ".aws_secrets/aws_credentials.env",
        "finrag_ml_tg1/aws_credentials.env",
        "serving/.streamlit/secrets.toml",
        "finrag_ml_tg1/loaders/credentials.json",
        "finrag_ml_tg1/index/vectors.parquet",
        "finrag_ml_tg1/__pycache__/cli.cpython-311.pyc",
        "serving/frontend/id_rsa",
        "serving/tests/test_app.py",
        "tests/conftest.py",
        "samples/filings/a.html",
        "../outside.py",
        "/etc/passwd",
    ],
)
def test_file_that_must_not_be_published_is_named(name: str) -> None:
    assert len(wheel_mistakes([name, "serving/__init__.py", "finrag-0.1.0.dist-info/METADATA"])) == 1
