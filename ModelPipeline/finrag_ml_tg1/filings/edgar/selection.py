"""What the user asks for: forms and fiscal years, as typed."""

from __future__ import annotations

import re

from finrag_ml_tg1.errors import FilingError

__all__ = ["DEFAULT_FORMS", "family", "is_annual", "is_asked_for", "parse_forms", "parse_years"]

DEFAULT_FORMS = ("10-K",)

# EDGAR's submission types of annual and quarterly reports: T is a transition period, 405 and SB are of before 2009, and
# some appear without their first hyphen. Compared without hyphens.
_FAMILIES = {
    "10K": ("10-K", "10-KT", "10-K405", "10-KT405", "10-KSB", "10-KSB40", "10-KTSB"),
    "10Q": ("10-Q", "10-QT", "10-QSB"),
}
_FORMS = {form.replace("-", ""): form for forms in _FAMILIES.values() for form in forms}
_FIRST_YEAR, _LAST_YEAR = 1993, 2100  # EDGAR began in 1993


def parse_forms(text: str) -> tuple[str, ...]:
    """Return the forms in a list such as "10-K,10-Q/A" as SEC writes them; FilingError for any that is not read."""
    typed = [part.strip().upper() for part in text.split(",") if part.strip()]
    if not typed:
        raise FilingError("no form is given: write for instance 10-K or 10-K,10-Q")
    forms = []
    for part in typed:
        base, amended = _parts(part)
        if base not in _FORMS:
            raise FilingError(f"form {part[:20]!r} is not read: give 10-K or 10-Q (10-K/A for amendments)")
        forms.append(_FORMS[base] + ("/A" if amended else ""))
    return tuple(dict.fromkeys(forms))


def parse_years(text: str) -> frozenset[int]:
    """Return the fiscal years in "2021-2025", "2023" or "2019,2021-2023"; FilingError for anything else."""
    years: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"([0-9]{4})(?:\s*[-–]\s*([0-9]{4}))?", part.strip())
        if match is None:
            raise FilingError(f"{text[:40]!r} names no years: write for instance 2023, 2021-2025 or 2021,2023")
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        if first > last:
            raise FilingError(f"the years {first}-{last} run backwards: write {last}-{first}")
        if first < _FIRST_YEAR or last > _LAST_YEAR:
            raise FilingError(f"{part.strip()} is outside the years EDGAR has filings of, which begin in {_FIRST_YEAR}")
        years.update(range(first, last + 1))
    return frozenset(years)


def is_asked_for(form: str, forms: tuple[str, ...]) -> bool:
    """Whether a filing's form is one of these. 10-K and 10-Q stand for their variants; amendments are named with /A."""
    base, amended = _parts(form)
    for asked in forms:
        asked_base, asked_amended = _parts(asked)
        if amended == asked_amended and (base == asked_base or _FORMS.get(base) in _FAMILIES.get(asked_base, ())):
            return True
    return False


def is_annual(form: str) -> bool:
    """Whether the form is an annual report, a transition report or an amendment of one."""
    return family(form) == "10-K"


def family(form: str) -> str:
    """Return 10-K or 10-Q for their variants and amendments; any other form as it is."""
    base = _parts(form)[0]
    for forms in _FAMILIES.values():
        if _FORMS.get(base) in forms:
            return forms[0]
    return form


def _parts(form: str) -> tuple[str, bool]:
    squeezed = re.sub(r"[-‐‑–\s]", "", form.upper())
    return squeezed.removesuffix("/A"), squeezed.endswith("/A")
