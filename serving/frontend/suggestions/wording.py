"""Names of companies and figures as they stand inside a question."""

import re

__all__ = ["be_in_the_past", "of_company", "spoken_figure", "spoken_name"]

_IN_PARENTHESES = re.compile(r"\s*\([^()]*\)")
_LEGAL_FORM = re.compile(
    r"(?:,?\s+(?:inc|incorporated|corp|corporation|co|company|plc|ltd|limited|llc|l\.?p|n\.?v|s\.?a)\.?"
    r"|\s*&\s*(?:co|company)\.?|/[a-z]{2,3}/?)$",
    re.IGNORECASE,
)
_CAPITALS = re.compile(r"(?<![A-Z.’'])[A-Z]{4,}|(?<=\.)[A-Z]{2,}")
# A label's head decides on "was" or "were": "income before income taxes" is one thing, "dividends paid" are many.
_REST_OF_LABEL = re.compile(r"(?:,|\s\(|\s(?:of|on|from|for|before|including|attributable|available|as|per|to)\s).*$")
_PARTICIPLE = re.compile(r"\s(?:paid|earned|held|repurchased|outstanding|receivable|payable|returned)$")


def spoken_name(name: str) -> str:
    """Return a registered name as people write it: one line, without legal form, not all in capitals."""
    spoken = " ".join(_IN_PARENTHESES.sub("", name).split())
    previous = ""
    while spoken != previous:
        previous, spoken = spoken, _LEGAL_FORM.sub("", spoken)
    spoken = spoken or " ".join(name.split())
    return _CAPITALS.sub(_capitalised, spoken) if spoken.isupper() else spoken


def _capitalised(word: re.Match[str]) -> str:
    return word[0].lower() if word.string[: word.start()].endswith(".") else word[0].title()


def of_company(name: str) -> str:
    """Return the possessive of a company's spoken name: "Apple's"."""
    spoken = spoken_name(name)
    if spoken.casefold().endswith(("'s", "’s")):
        return spoken
    return f"{spoken}'" if spoken.casefold().endswith("s") else f"{spoken}'s"


def spoken_figure(label: str) -> str:
    """Return a metric's label as it stands inside a sentence; an acronym keeps its capitals."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def be_in_the_past(label: str) -> str:
    """Return "were" for a label that names several things, else "was"."""
    head = _PARTICIPLE.sub("", _REST_OF_LABEL.sub("", label))
    return "were" if head.endswith("s") and not head.endswith("ss") else "was"
