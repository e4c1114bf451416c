"""Text of a filing or of a user made inert, so that it stays data wherever it stands in a prompt.

Tags are what fences it, brackets are what cites: none of a text's own is left. Special tokens of chat templates
("<|im_end|>", "[INST]") are made of the same characters. What cannot be seen is dropped, as instructions hide in it.
"""

from __future__ import annotations

import re
import unicodedata

from finrag_ml_tg1.answering.prompts.template import NOT_IN_FILINGS

__all__ = ["fenced"]

_INERT = str.maketrans({"<": "‹", ">": "›", "[": "(", "]": ")", "【": "(", "】": ")", "＜": "‹", "＞": "›"})
_KEPT = "\n\t"
# Other (control, format, private, surrogate, unassigned) and the variation selectors and tags that carry hidden text.
_HIDDEN = re.compile("[\ufe00-\ufe0f\U000e0000-\U000e0fff]")
_SENTINEL = re.compile(re.escape(NOT_IN_FILINGS), re.IGNORECASE)


def fenced(text: str, *, on_one_line: bool = False) -> str:
    """Return the text without a character that could open or close a tag, cite a passage, or not be seen.

    The words stay as they are, but for the one that a model is told to write when there is no answer. With
    `on_one_line` all white space becomes single spaces and quotes cannot end an attribute.
    """
    shown = "".join(
        character
        for character in _HIDDEN.sub("", text.translate(_INERT))
        if character in _KEPT or not unicodedata.category(character).startswith("C")
    )
    shown = _SENTINEL.sub("not in filings", shown)
    return " ".join(shown.replace('"', "”").split()) if on_one_line else shown
