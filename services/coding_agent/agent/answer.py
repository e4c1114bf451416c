"""The one command in a model's answer."""

from __future__ import annotations

import re

__all__ = ["AnswerRefusedError", "single_command"]

# One argument of a Linux process is at most 131,072 bytes (MAX_ARG_STRLEN), its end included.
_MOST_COMMAND_BYTES = 120_000
_FENCE = re.compile(r" {0,3}(?P<ticks>`{3,})[ \t]*(?P<language>[^`\s]*)[^`]*\Z")


class AnswerRefusedError(Exception):
    """Why an answer is not run, in words for the model."""


def single_command(text: str) -> str:
    """Return the command of an answer with exactly one fenced block of bash; others may stand beside it.

    Blocks are those of CommonMark: closed by a fence at least as long as the one that opens, so that a command may
    hold shorter fences. Raises AnswerRefusedError.
    """
    blocks, unclosed = _bash_blocks(text)
    if unclosed:
        raise AnswerRefusedError("the bash block is not closed: the answer broke off, or a fence is missing")
    if not blocks:
        raise AnswerRefusedError("there is no ```bash block")
    if len(blocks) > 1:
        raise AnswerRefusedError(f"there are {len(blocks)} ```bash blocks, and only one command runs per answer")
    command = blocks[0].strip()
    if not command:
        raise AnswerRefusedError("the ```bash block is empty")
    if "\0" in command:
        raise AnswerRefusedError("the command holds a NUL character")
    if len(command.encode()) > _MOST_COMMAND_BYTES:
        raise AnswerRefusedError(f"the command is longer than {_MOST_COMMAND_BYTES:,} bytes: write the file in parts")
    return command


def _bash_blocks(text: str) -> tuple[list[str], bool]:
    """Return the bodies of the bash blocks, and whether the text ends within a block."""
    blocks: list[str] = []
    body: list[str] = []
    ticks = ""
    is_bash = False
    for line in text.replace("\r\n", "\n").split("\n"):
        fence = _FENCE.match(line)
        if not ticks:
            if fence:
                ticks, is_bash, body = fence["ticks"], fence["language"].lower() == "bash", []
        elif fence and len(fence["ticks"]) >= len(ticks) and line.strip("` \t") == "":
            if is_bash:
                blocks.append("\n".join(body))
            ticks = ""
        else:
            body.append(line)
    return blocks, bool(ticks) and is_bash
