"""What is written about the service is what it is."""

from __future__ import annotations

import json
import re
from pathlib import Path

from click.testing import CliRunner
from openapi_spec_validator import validate

from coding_agent.__main__ import coding_agent
from coding_agent.api.document import openapi_document

_README = Path(__file__).parents[1] / "README.md"


def _printed(command: str) -> str:
    done = CliRunner().invoke(coding_agent, [command])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_readme_has_the_table_of_settings() -> None:
    assert _printed("settings").strip() in _README.read_text(encoding="utf-8")


def test_the_openapi_document_is_valid_and_says_who_may_ask() -> None:
    document = json.loads(_printed("openapi"))
    validate(document)
    paths = document["paths"]
    assert paths["/fix-issue"]["post"]["security"] == [{"ApiKey": []}]
    assert paths["/jobs/{job_id}"]["patch"]["security"] == [{"RunnerToken": []}]
    assert "security" not in paths["/healthz"]["get"]
    body = paths["/jobs/{job_id}"]["patch"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/RunnerUpdate"}


def test_the_readme_names_every_route() -> None:
    told = set(re.findall(r"`(GET|POST|PATCH) (/[^`?]*)", _README.read_text(encoding="utf-8")))
    documented = {
        (method.upper(), path.replace("{job_id}", "{id}"))
        for path, operations in openapi_document()["paths"].items()
        for method in operations
    }
    assert documented <= told
