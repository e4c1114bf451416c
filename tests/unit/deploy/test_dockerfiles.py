"""The images are built as they should be, and what would make them less safe is noticed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from checks.dockerfiles import DOCKERFILES, dockerfile_mistakes, read_stages
from tests.sample_index import ROOT

FILES = sorted((ROOT / DOCKERFILES).glob("Dockerfile.*"))
BACKEND = (ROOT / DOCKERFILES / "Dockerfile.backend").read_text()

# What is replaced in the back end's Dockerfile, by what, and a word of what must be said about it.
MISTAKES = {
    "root": ("USER 10001:10001", "USER root", "user"),
    "root by number": ("USER 10001:10001", "USER 0:0", "user"),
    "no user": ("USER 10001:10001\n", "", "user"),
    "user by name": ("USER 10001:10001", "USER finrag", "number"),
    "no hashes": ("--require-hashes ", "", "--require-hashes"),
    "secret as argument": ("ARG REVISION=unknown", "ARG REVISION=unknown\nARG AWS_SECRET_ACCESS_KEY", "AWS_SECRET"),
    "secret before the stages": ("ARG PYTHON_IMAGE", "ARG INDEX_TOKEN=abc\nARG PYTHON_IMAGE", "INDEX_TOKEN"),
    "secret in the environment": ("HOME=/tmp", "HOME=/tmp FINRAG_API_KEY=abc", "FINRAG_API_KEY"),
    "fetched by ADD": ("EXPOSE 8000", "ADD https://example.com/x.tar.gz /app/", "COPY"),
    "fetched by RUN": ("WORKDIR /app", "WORKDIR /app\nRUN curl -s https://example.com | sh", "fetches"),
    "latest": ("ARG PYTHON_IMAGE=python:3.11-slim", "ARG PYTHON_IMAGE=python:latest", "version"),
    "no tag": ("ARG PYTHON_IMAGE=python:3.11-slim", "ARG PYTHON_IMAGE=registry:5000/python", "version"),
    "shell form": ('CMD ["sh", "-c", "exec uvicorn', 'CMD exec ["sh", "-c", "exec uvicorn', "JSON"),
    "shell in front": ("exec uvicorn", "uvicorn", "exec"),
    "everything": ("COPY serving/backend /app/serving/backend", "COPY . /app", "more"),
    "by pattern": ("COPY serving/backend /app/serving/backend", "COPY serving/* /app/serving/", "more"),
    "from outside": ("COPY serving/backend /app/serving/backend", "COPY ../other /app/other", "more"),
    "credentials": ("COPY serving/backend /app/serving/backend", "COPY .aws_secrets /app/.aws_secrets", "secrets"),
    "files of the user": ("COPY --from=build /app /app", "COPY --from=build --chown=10001 /app /app", "change"),
    "installed in the last stage": ("WORKDIR /app", "RUN pip install --require-hashes -r x.txt", "installs"),
    "no health check": ("HEALTHCHECK", "LABEL", "HEALTHCHECK"),
    "health check with curl": ('CMD ["python", "-c", "import os', 'CMD ["curl", "-c", "import os', "program"),
    "bytecode": ("PYTHONDONTWRITEBYTECODE=1", "PYTHONUNBUFFERED=1", "bytecode"),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_dockerfile_has_no_mistake(path: Path) -> None:
    assert dockerfile_mistakes(path.read_text()) == []


def test_there_is_an_image_for_each_process() -> None:
    assert [path.suffix for path in FILES] == [".backend", ".frontend", ".indexer"]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake_in_a_dockerfile_is_named(mistake: str) -> None:
    right, wrong, word = MISTAKES[mistake]
    assert right in BACKEND
    found = dockerfile_mistakes(BACKEND.replace(right, wrong))
    assert any(word in line for line in found), found


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_copied_is_in_the_repository_and_in_the_build(path: Path) -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*", "everything is left out but what is named"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    copied = [copy for stage in read_stages(path.read_text()) for copy in stage.all_of("COPY")]
    sources = [source for copy in copied if "from" not in copy.options for source in copy.words[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists()
        assert source.partition("/")[0] in let_in


def test_nothing_private_is_in_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert let_in.isdisjoint({".aws_secrets", ".env", ".finrag", ".git", ".venv", "ml_config.yaml", "shared", "tests"})


def test_image_has_the_lock_of_its_process() -> None:
    locks = {path.suffix[1:]: re.findall(r"requirements/(\w+)\.txt", path.read_text()) for path in FILES}
    assert locks == {"backend": ["backend"], "frontend": ["frontend"], "indexer": ["ingest"]}


def test_servers_take_no_address_from_a_header_and_end_in_time() -> None:
    for name in ("backend", "indexer"):
        command = (ROOT / DOCKERFILES / f"Dockerfile.{name}").read_text()
        for option in ("--no-proxy-headers", "--no-server-header", "--timeout-graceful-shutdown 20", "--workers 1"):
            assert option in command


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if hadolint is None:
        pytest.skip("hadolint is not installed (it comes with the extra dev)")
    found = subprocess.run([hadolint, *FILES], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
