"""Text of filings and models made harmless before Streamlit's Markdown sees it.

Streamlit's Markdown knows more than CommonMark: `$` is LaTeX, `:name:` an emoji or icon, `:name[…]` a colour, and bare
addresses become links. Nothing of that is meant in a filing, and a link or image in one could lead a reader astray.
Nor may a character reverse the words around it: see `hidden_controls`.
"""

import re

from serving.frontend.markup.hidden_controls import isolate, replace_controls

__all__ = ["escape_answer", "escape_inline", "escape_lines"]

# Invisible and without width: it parts what would be recognised after backslash escapes are gone.
_WORD_JOINER = "\u2060"
# An escape the back end already wrote is kept, any other backslash is a backslash.
_ANSWER_TOKEN = re.compile(r"\\[\\|*_\[\]$~<>`&#]|[\\`\[\]<~$&]")
_INLINE_TOKEN = re.compile(r"[\\`*_\[\]<>~$&#|]")
_SHORTCODE = re.compile(r":(?=[+-]*[A-Za-z0-9_][\w+-]*:|material\\?/|streamlit:)")
_DIRECTIVE = re.compile(r":(?=[A-Za-z:])")
_ADDRESS = re.compile(r"(https?|ftp|www)(?=\\?[:.])", re.IGNORECASE)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.*)$", re.MULTILINE)
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$", re.MULTILINE)
_LINE_START = re.compile(r"^(\s*)([-+=]|\d+(?=[.)](?:\s|$)))", re.MULTILINE)


def escape_answer(markdown: str) -> str:
    r"""Return the answer with bold, lists, tables and `[n]` intact and everything else inert.

    A heading becomes a bold line, since an answer inside a chat has no outline of its own.
    """
    text = _HEADING.sub(_embolden, isolate(replace_controls(markdown)))
    text = _ANSWER_TOKEN.sub(_escape_token, text)
    return _break_names(_UNDERLINE.sub(_detach_underline, text))


def escape_inline(text: str) -> str:
    """Return plain text as one line of Markdown that shows exactly it (white space runs become one space)."""
    line = _break_names(_INLINE_TOKEN.sub(_escape_token, replace_controls(" ".join(text.split()))))
    return isolate(_LINE_START.sub(_escape_line_start, line))


def escape_lines(text: str) -> str:
    """Return plain text as Markdown that shows it line by line."""
    return "  \n".join(escape_inline(line) for line in text.splitlines())


def _embolden(match: re.Match[str]) -> str:
    words = match[1].rstrip(" \t#").strip("* ")
    return f"**{words}**" if words else ""


def _detach_underline(match: re.Match[str]) -> str:
    """Keep a line of dashes or equal signs from making a heading of the line above."""
    return f"\n{match[1]}\n" if match[1].startswith("---") else f"\\{match[1]}"


def _escape_token(match: re.Match[str]) -> str:
    token = match[0]
    return token if len(token) == 2 else f"\\{token}"


def _escape_line_start(match: re.Match[str]) -> str:
    marker = match[2]
    # A list number is stopped at its full stop, a bullet or the underline of a heading at itself.
    return f"{match[1]}{marker}{_WORD_JOINER}" if marker.isdigit() else f"{match[1]}\\{marker}"


def _break_names(text: str) -> str:
    """Part emoji names, colour directives and addresses so that they stay plain words."""
    text = _SHORTCODE.sub(f":{_WORD_JOINER}", text)
    text = _DIRECTIVE.sub(r"\\:", text)
    text = _ADDRESS.sub(rf"\1{_WORD_JOINER}", text)
    return text.replace("@", f"{_WORD_JOINER}@")
