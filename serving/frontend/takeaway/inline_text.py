r"""One line of an answer's Markdown: bold, slanted, `[n]` and backslash escapes; all else is plain text."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import accumulate, groupby

from serving.frontend.takeaway.blocks import Line, Run

__all__ = ["read_line", "split_lines"]

# The escapes are those the page knows too, see `markup.escaping`.
_TOKEN = re.compile(r"\\([\\|*_\[\]$~<>`&#])|\[(\d{1,4})\]|\*+|_+")
_LONGEST_MARKER = 3


def read_line(text: str, anchors: Mapping[int, str]) -> Line:
    """Return the text as runs; `[n]` links to `anchors[n]` where there is one."""
    runs: list[Run] = []
    markers: list[tuple[int, re.Match[str]]] = []
    position = 0
    for token in _TOKEN.finditer(text):
        runs.append(Run(text[position : token.start()]))
        position = token.end()
        if token[1] or token[2]:
            target = anchors.get(int(token[2] or -1), "")
            runs.append(Run(token[1] or token[0], target=f"#{target}" if target else ""))
        else:
            markers.append((len(runs), token))
            runs.append(Run(token[0]))
    runs.append(Run(text[position:]))
    return tuple(_joined(_styled(runs, list(_pair(markers)))))


def split_lines(line: Line) -> tuple[Line, ...]:
    """Return a line as lines, parted where its text holds a line feed."""
    lines: list[list[Run]] = [[]]
    for run in line:
        first, *others = run.text.split("\n")
        lines[-1].append(_with_text(run, first))
        lines += [[_with_text(run, other)] for other in others]
    return tuple(tuple(run for run in runs if run.text) for runs in lines)


def _pair(markers: list[tuple[int, re.Match[str]]]) -> Iterator[tuple[int, int, int]]:
    """Yield (place of the opening marker, place of the closing one, its length)."""
    opened: dict[str, int] = {}
    for place, token in markers:
        if len(token[0]) > _LONGEST_MARKER:
            continue
        can_open, can_close = _flanks(token)
        if can_close and token[0] in opened:
            yield opened.pop(token[0]), place, len(token[0])
        elif can_open:
            opened[token[0]] = place


def _flanks(token: re.Match[str]) -> tuple[bool, bool]:
    """Whether a marker can open and whether it can close, by CommonMark's rules on what stands beside it."""
    start, end = token.span()
    before, after = token.string[max(start - 1, 0) : start], token.string[end : end + 1]
    is_left = not _is_space(after) and (not _is_sign(after) or _is_space(before) or _is_sign(before))
    is_right = not _is_space(before) and (not _is_sign(before) or _is_space(after) or _is_sign(after))
    if token[0].startswith("_"):
        return is_left and (not is_right or _is_sign(before)), is_right and (not is_left or _is_sign(after))
    return is_left, is_right


def _is_space(char: str) -> bool:
    return not char or char.isspace()


def _is_sign(char: str) -> bool:
    return bool(char) and unicodedata.category(char)[0] in "PS"


def _styled(runs: list[Run], pairs: list[tuple[int, int, int]]) -> list[Run]:
    """Return the runs with the style of the markers around them; the markers themselves go."""
    bold, slanted = [0] * len(runs), [0] * len(runs)
    dropped = set()
    for start, end, length in pairs:
        dropped |= {start, end}
        for depth in ([bold] if length > 1 else []) + ([slanted] if length != 2 else []):
            depth[start] += 1
            depth[end] -= 1
    depths = zip(accumulate(bold), accumulate(slanted), strict=True)
    return [
        Run(run.text, is_bold > 0, is_slanted > 0, target=run.target)
        for place, (run, (is_bold, is_slanted)) in enumerate(zip(runs, depths, strict=True))
        if run.text and place not in dropped
    ]


def _joined(runs: list[Run]) -> Iterator[Run]:
    """Yield the runs, neighbours of one look as one."""
    for look, same in groupby(runs, key=lambda run: (run.is_bold, run.is_slanted, run.target)):
        is_bold, is_slanted, target = look
        yield Run("".join(run.text for run in same), is_bold, is_slanted, target=target)


def _with_text(run: Run, text: str) -> Run:
    return Run(text, run.is_bold, run.is_slanted, run.is_marked, run.target)
