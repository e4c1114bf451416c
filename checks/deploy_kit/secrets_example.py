"""`.aws_secrets.example/aws_credentials.env`: every secret has its line there, and none has a value."""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.deploy_kit.described import SECRET_NAME
from checks.deploy_kit.files import Files
from finrag_ml_tg1.loaders.ml_config import described_settings
from finrag_ml_tg1.operations.deployment.descriptor import Descriptor

__all__ = ["example_mistakes"]

NAME = ".aws_secrets.example/aws_credentials.env"
# A variable that is not to be set to nothing is written as a comment.
_LINE = re.compile(r"(?P<off>#?)(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>\S*)")
_FAKE = re.compile(r"EXAMPLE|not-a-real")


def example_mistakes(descriptor: Descriptor, files: Files) -> Iterator[str]:
    """Yield what is wrong with the example, with the line's number where there is one."""
    variables = [*descriptor.applications.backend.variables, *descriptor.applications.frontend.variables]
    known = {name for setting, _ in described_settings().values() for name in setting.names}
    known |= {variable.name for variable in variables}
    named: set[str] = set()
    for number, line in enumerate(files[NAME].splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None:
            if line and not line.startswith("# "):
                yield f"{NAME}:{number}: neither NAME=value nor a comment"
            continue
        named.add(match["name"])
        if match["name"] not in known:
            yield f"{NAME}:{number}: {match['name']} is no setting"
        if SECRET_NAME.search(match["name"]) and match["value"] and not _FAKE.search(match["value"]):
            yield f"{NAME}:{number}: {match['name']} has a value that is not plainly made up"
    secrets = {variable.name for variable in variables if variable.secret}
    for name in sorted(secrets - named):
        yield f"{NAME}: {name}, a secret of sevalla.yml, is missing"
