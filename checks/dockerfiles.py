"""Dockerfiles: read into instructions, and held to what keeps a container from doing harm."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DOCKERFILES", "Instruction", "Stage", "dockerfile_mistakes", "read_stages"]

DOCKERFILES = Path("deploy/docker")

_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|(?:^|_)KEY(?:$|_)", re.IGNORECASE)
_USER = re.compile(r"([1-9]\d{3,}):([1-9]\d{3,})")
_FETCH = re.compile(r"\b(?:curl|wget)\b|\bgit\s+clone\b")


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its keyword in capitals, what follows with continued lines joined, and its first line."""

    keyword: str
    text: str
    line: int

    @property
    def words(self) -> tuple[str, ...]:
        """What follows the options, as words; those of a JSON list where it is one."""
        rest = " ".join(self.text.split()[len(self._options()) :])
        return tuple(json.loads(rest)) if rest.startswith("[") else tuple(shlex.split(rest))

    @property
    def options(self) -> dict[str, str]:
        """Its options: `--from=build` is {"from": "build"}."""
        return {name: value for name, _, value in (option[2:].partition("=") for option in self._options())}

    def _options(self) -> list[str]:
        words = self.text.split()
        count = next((at for at, word in enumerate(words) if not word.startswith("--")), len(words))
        return words[:count]

    @property
    def pairs(self) -> dict[str, str]:
        """The names and values of ARG, ENV and LABEL; a name without a value has the value ""."""
        return {name: value for name, _, value in (word.partition("=") for word in self.words)}


@dataclass(frozen=True, slots=True)
class Stage:
    """One FROM: the image it starts from with its arguments filled in, its name if any, and what follows."""

    image: str
    name: str
    line: int
    instructions: tuple[Instruction, ...]

    def all_of(self, keyword: str) -> list[Instruction]:
        """Return its instructions of one kind, in order."""
        return [instruction for instruction in self.instructions if instruction.keyword == keyword]

    @property
    def environment(self) -> dict[str, str]:
        """The variables its ENV instructions set."""
        return {name: value for instruction in self.all_of("ENV") for name, value in instruction.pairs.items()}


def read_stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile."""
    arguments: dict[str, str] = {}
    heads: list[tuple[str, str, int]] = []
    bodies: list[list[Instruction]] = []
    for instruction in _instructions(text):
        if instruction.keyword == "FROM":
            image, *named = _filled_in(instruction, arguments).words
            heads.append((image, named[-1] if named else "", instruction.line))
            bodies.append([])
        elif bodies:
            bodies[-1].append(instruction)
        elif instruction.keyword == "ARG":
            arguments |= instruction.pairs
    return [Stage(*head, tuple(body)) for head, body in zip(heads, bodies, strict=True)]


def _filled_in(instruction: Instruction, arguments: Mapping[str, str]) -> Instruction:
    text = re.sub(r"\$\{(\w+)\}", lambda match: arguments.get(match[1], ""), instruction.text)
    return Instruction(instruction.keyword, text, instruction.line)


def _instructions(text: str) -> Iterator[Instruction]:
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        first = first if parts else number
        parts.append(stripped.removesuffix("\\").strip())
        if not stripped.endswith("\\"):
            keyword, _, rest = " ".join(parts).partition(" ")
            yield Instruction(keyword.upper(), rest, first)
            parts = []


def dockerfile_mistakes(text: str) -> list[str]:
    """Return what is wrong with a Dockerfile, one line each, with its line's number."""
    stages = read_stages(text)
    if not stages:
        return ["1: there is no FROM"]
    found = [*_global_secrets(text), *_images(stages)]
    for stage in stages:
        for instruction in stage.instructions:
            found += [f"{instruction.line}: {mistake}" for mistake in _instruction_mistakes(instruction)]
    found += [f"{stages[-1].line}: the last stage {mistake}" for mistake in _final_mistakes(stages[-1])]
    return found


def _global_secrets(text: str) -> Iterator[str]:
    for instruction in _instructions(text):
        if instruction.keyword == "FROM":
            return
        yield from (f"{instruction.line}: {mistake}" for mistake in _instruction_mistakes(instruction))


def _images(stages: Sequence[Stage]) -> Iterator[str]:
    names = {stage.name for stage in stages if stage.name}
    for stage in stages:
        name, _, digest = stage.image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if stage.image not in names and not digest and tag in {"", "latest"}:
            yield f"{stage.line}: FROM {stage.image} names no version"


def _instruction_mistakes(instruction: Instruction) -> Iterator[str]:
    match instruction.keyword:
        case "ADD":
            yield "ADD fetches and unpacks: use COPY"
        case "ARG" | "ENV":
            for name in instruction.pairs:
                if _SECRET.search(name):
                    yield f"{name} would be kept in the image: give secrets when the container starts"
        case "COPY":
            yield from _copy_mistakes(instruction)
        case "RUN":
            yield from _run_mistakes(instruction.text)
        case "CMD" | "ENTRYPOINT":
            yield from _command_mistakes(instruction.keyword, instruction.text)
        case "HEALTHCHECK":
            _, _, command = instruction.text.partition("CMD ")
            yield from _command_mistakes("HEALTHCHECK", command)


def _copy_mistakes(instruction: Instruction) -> Iterator[str]:
    for source in instruction.words[:-1]:
        if "from" in instruction.options:
            continue
        if source.rstrip("/") in {"", ".", ".."} or "*" in source or source.startswith(("/", "..")):
            yield f"COPY {source} takes more than is named"
        if re.search(r"secret|credential|\.env\b|\.git\b|\.pem\b", source, re.IGNORECASE):
            yield f"COPY {source} would put secrets into the image"


def _run_mistakes(command: str) -> Iterator[str]:
    if re.search(r"\bpip\b.*\binstall\b", command) and "--require-hashes" not in command:
        yield "pip install without --require-hashes"
    if _FETCH.search(command):
        yield "RUN fetches what no hash was named for"


def _command_mistakes(keyword: str, command: str) -> Iterator[str]:
    if not command.startswith("["):
        yield f"{keyword} is not a JSON list, so a shell stands between the signal and the server"
        return
    words: list[str] = json.loads(command)
    if words[0] in {"sh", "bash", "/bin/sh", "/bin/bash"} and "exec " not in words[-1].rpartition("&&")[2]:
        yield f"{keyword} leaves a shell in front of the server: exec it"
    if _FETCH.search(command):
        yield f"{keyword} needs a program that the image has not"


def _final_mistakes(stage: Stage) -> Iterator[str]:
    users = stage.all_of("USER")
    if not users or not _USER.fullmatch(users[-1].text):
        yield "does not end as a user and group by number, above 999: USER 10001:10001"
    elif any(user.line > instruction.line for user in users for instruction in stage.all_of("CMD")):
        yield "names its user after its command"
    if any("pip" in instruction.text and "install" in instruction.text for instruction in stage.all_of("RUN")):
        yield "installs packages: do that in a stage before it"
    if not stage.all_of("HEALTHCHECK"):
        yield "has no HEALTHCHECK"
    if not stage.all_of("CMD") and not stage.all_of("ENTRYPOINT"):
        yield "has no CMD"
    if stage.environment.get("PYTHONDONTWRITEBYTECODE") != "1":
        yield "writes bytecode: PYTHONDONTWRITEBYTECODE=1"
    if any("chown" in instruction.options for instruction in stage.all_of("COPY")):
        yield "gives its files to another user, who could change them"
