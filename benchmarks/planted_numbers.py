"""True sentences with numbers, and the same with one number made wrong: what the number check is measured on.

What is true comes from the filers' tags and from the filings' own sentences; what is written and what is planted is
made here, by rules that share no code with the check.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from itertools import pairwise

from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, UsedFact
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.index.passage_record import PassageRecord

__all__ = [
    "Statement",
    "each_planted",
    "is_sound",
    "of_calculation",
    "of_fact",
    "of_prose",
    "of_table",
    "rounded",
    "shown_text",
]

_PROSE_NUMBER = re.compile(
    r"(?<![\w.,$(-])(?P<prefix>\$?)(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+|\d{2,3})"
    r"(?P<suffix> million| billion|%| percent)(?![\w-])"
    r"|(?<![\w.,(-])(?P<dollars>\$)(?P<whole>\d{1,3}(?:,\d{3})+)(?![\d.,%]|\s*(?:million|billion|per\b))"
)
_YEAR = re.compile(r"(?<![\w,.$-])(?:19|20)\d\d(?![\w,.%-]*\d)")
_VERBS = {
    "increased by": "decreased by",
    "decreased by": "increased by",
    "increased": "decreased",
    "decreased": "increased",
    "grew": "declined",
    "declined": "grew",
    "increase of": "decrease of",
    "decrease of": "increase of",
}
_SIGNED = re.compile(r"income(?! tax)|earnings|profit|gain|return|growth", re.IGNORECASE)
_OF_ANOTHER_YEAR = re.compile(
    r"Due|Year|TwelveMonths|Thereafter|ToBePaid|Maturit|NotYetCommenced|Remaining|Obligation|(?i:beginning)"
)
_SCALES = {"": 1, " million": 1_000_000, " billion": 1_000_000_000, " thousand": 1_000}


@dataclass(frozen=True)
class Statement:
    """A true sentence in parts around one number, with the evidence a model would have had.

    `evidence` says where the truth comes from; `spoken` is what is said of the sign in front of the number.
    """

    evidence: str
    before: str
    sign: str
    prefix: str
    digits: str
    suffix: str
    after: str
    texts: Mapping[int, str] = field(repr=False)
    found: FactSet = field(default_factory=FactSet, repr=False)

    @property
    def markdown(self) -> str:
        return f"{self.before}{self.sign}{self.prefix}{self.digits}{self.suffix}{self.after}"


def shown_text(passage: PassageRecord) -> str:
    """A passage as a prompt shows it: filing, caption and header, words."""
    head = f"{passage.company}, {passage.form} for fiscal {passage.fiscal_year}"
    return "\n".join(part for part in (head, passage.lead, passage.text) if part)


def of_fact(
    used: UsedFact, company: str, texts: Mapping[int, str], found: FactSet, chooser: random.Random
) -> Statement:
    """The value of a fact in one of the ways people write it."""
    statement = _of_value(used.fact, used.label, company, chooser)
    return replace(statement, sign="−" if used.fact.value < 0 else "", texts=texts, found=found)


def of_table(fact: Fact, passage: PassageRecord, texts: Mapping[int, str], chooser: random.Random) -> Statement:
    """A tagged number under its row's label, with the passage that prints it and nothing else."""
    statement = _of_value(fact, fact.row_label, passage.company, chooser)
    return replace(statement, evidence="table", sign=_printed_sign(fact, passage), texts=texts)


def _of_value(fact: Fact, label: str, company: str, chooser: random.Random) -> Statement:
    digits, suffix = _amount(abs(fact.value), chooser)
    is_money = fact.unit.startswith("USD")
    per_unit = " per share" if fact.unit == "USD/shares" else " shares" if fact.unit == "shares" else ""
    year = fact.fiscal_year
    label = " ".join(label.split())
    before, after = chooser.choice(
        [
            (f"{company}'s {label} was ", f" in fiscal {year} [1]."),
            (f"In fiscal {year}, {label} was ", " [1]."),
            (f"For {year}, {company} reported {label} of ", " [1]."),
            (f"{label} for fiscal year {year}: ", " [1]"),
        ]
    )
    return Statement("facts", before, "", "$" if is_money else "", digits, f"{suffix}{per_unit}", after, {})


def of_calculation(
    calculation: Calculation, company: str, texts: Mapping[int, str], found: FactSet
) -> Statement | None:
    """A change said with its direction, a ratio as it is shown; None for what is shown otherwise."""
    value, label, year = calculation.value, calculation.label, calculation.fiscal_year
    if year is None or not value:
        return None
    is_change = any(word in label.lower() for word in ("growth", "change", "increase"))
    verb = ("increased by " if value > 0 else "decreased by ") if is_change else "was "
    sign = "−" if value < 0 and not is_change else ""
    places = Decimal("0.1")
    if calculation.display == "percent":
        digits, suffix = f"{abs(value * 100).quantize(places, ROUND_HALF_EVEN):,}", "%"
    elif calculation.display == "points":
        digits, suffix = f"{abs(value * 100).quantize(places, ROUND_HALF_EVEN):,}", " percentage points"
    elif calculation.display in ("money", "number") and calculation.unit == "USD" and abs(value) >= 10**7:
        digits, suffix = f"{abs(value / 10**6).quantize(places, ROUND_HALF_EVEN):,}", " million"
    else:
        return None
    prefix = "$" if suffix == " million" else ""
    return Statement(
        "calculations",
        f"{company}'s {label} {verb}",
        sign,
        prefix,
        digits,
        suffix,
        f" in fiscal {year} [1].",
        texts,
        found,
    )


def of_prose(sentence: str, texts: Mapping[int, str]) -> Iterator[Statement]:
    """A filing's own sentence, once for each plain number in it."""
    for match in _PROSE_NUMBER.finditer(sentence):
        prefix, digits, suffix = (
            match["prefix"] or match["dollars"] or "",
            match["digits"] or match["whole"],
            match["suffix"] or "",
        )
        yield Statement(
            "prose", sentence[: match.start()], "", prefix, digits, suffix, f"{sentence[match.end() :]} [1]", texts
        )


def rounded(statement: Statement) -> Statement | None:
    """The same with a digit less, correctly rounded; None when too few would be left, or it is rounded already."""
    number = Decimal(statement.digits.replace(",", ""))
    places = -number.as_tuple().exponent if isinstance(number.as_tuple().exponent, int) else 0
    significant = len(statement.digits.replace(",", "").replace(".", "").lstrip("0"))
    if statement.evidence == "calculations" or places < 1 or significant < 4:
        return None
    kept = number.quantize(Decimal(1).scaleb(1 - places), ROUND_HALF_UP)
    return replace(statement, digits=f"{kept:,}")


def _amount(value: Decimal, chooser: random.Random) -> tuple[str, str]:
    """Digits and scale, exact or rounded to three digits and more."""
    forms = [(f"{value:,f}".rstrip("0").rstrip(".") if value != value.to_integral_value() else f"{value:,.0f}", "")]
    for suffix, scale in _SCALES.items():
        scaled = value / scale
        if suffix and scaled >= 1 and suffix != " thousand":
            exact = f"{scaled.normalize():,f}"
            if len(exact) < 12:
                forms.append((exact, suffix))
            places = 2 if scaled < 10 else 1
            forms.append((f"{scaled.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN):,}", suffix))
    return chooser.choice(forms)


def each_planted(statement: Statement, chooser: random.Random) -> Iterator[tuple[str, str]]:
    """Yield (kind, Markdown) of the statement with one thing made wrong, for every kind it allows."""
    digits = statement.digits
    swapped = _swapped(digits, chooser)
    if swapped:
        yield "digits swapped", replace(statement, digits=swapped).markdown
    yield "digit off by one", replace(statement, digits=_neighbour(digits, chooser)).markdown
    yield from _scales(statement)
    yield from _signs(statement)
    yield from _years(statement, chooser)
    yield from _units(statement)


def _swapped(digits: str, chooser: random.Random) -> str:
    places = [at for at, char in enumerate(digits) if char.isdigit()]
    pairs = [(a, b) for a, b in pairwise(places) if digits[a] != digits[b] and not (a == 0 and digits[b] == "0")]
    if not pairs:
        return ""
    first, second = chooser.choice(pairs)
    chars = list(digits)
    chars[first], chars[second] = chars[second], chars[first]
    return "".join(chars)


def _neighbour(digits: str, chooser: random.Random) -> str:
    at = chooser.choice([at for at, char in enumerate(digits) if char.isdigit()])
    old = int(digits[at])
    new = chooser.choice([value for value in (old - 1, old + 1) if (1 if at == 0 else 0) <= value <= 9] or [old + 1])
    return f"{digits[:at]}{new}{digits[at + 1 :]}"


def _scales(statement: Statement) -> Iterator[tuple[str, str]]:
    for scale, others in ((" million", (" billion", " thousand")), (" billion", (" million", " trillion"))):
        if statement.suffix.startswith(scale):
            for other in others:
                yield "scale", replace(statement, suffix=statement.suffix.replace(scale, other)).markdown
    if statement.suffix == "" and "," in statement.digits:
        yield "scale", replace(statement, digits=f"{statement.digits},000").markdown
        yield "scale", replace(statement, suffix=" million").markdown


def _signs(statement: Statement) -> Iterator[tuple[str, str]]:
    verb = next(
        (verb for verb in _VERBS if re.search(rf"\b{verb} (?:approximately |about )?$", statement.before)), None
    )
    if verb is not None:
        place = statement.before.rindex(verb)
        turned = f"{statement.before[:place]}{_VERBS[verb]}{statement.before[place + len(verb) :]}"
        yield "sign", replace(statement, before=turned).markdown
    elif statement.evidence == "prose":
        if not re.search(
            r"loss|deficit|negative|decreas|declin|reduc|down|lower|fell", statement.before, re.IGNORECASE
        ):
            yield "sign", replace(statement, sign="−").markdown
    elif not statement.sign:
        yield "sign", replace(statement, sign="−").markdown
    elif _SIGNED.search(statement.before) and not re.search(r"\bloss\b(?! *\))", statement.before, re.IGNORECASE):
        # A cost or payment that is printed in brackets may be said without a sign.
        yield "sign", replace(statement, sign="").markdown


def _years(statement: Statement, chooser: random.Random) -> Iterator[tuple[str, str]]:
    written = statement.markdown
    years = list(_YEAR.finditer(written))
    if len(years) == 1:
        wrong = int(years[0][0]) + chooser.choice((-1, 1))
        yield "year", f"{written[: years[0].start()]}{wrong}{written[years[0].end() :]}"


def _units(statement: Statement) -> Iterator[tuple[str, str]]:
    if statement.suffix in ("%", " percent"):
        yield "unit", replace(statement, suffix=" percentage points").markdown
        yield "unit", replace(statement, suffix=" basis points").markdown
        yield "unit", replace(statement, prefix="$", suffix=" million").markdown
    elif statement.prefix == "$" and statement.suffix in _SCALES:
        yield "unit", replace(statement, prefix="€").markdown
        yield "unit", replace(statement, prefix="", suffix=f"{statement.suffix} shares").markdown
        yield "unit", replace(statement, prefix="", suffix="%").markdown


def is_sound(fact: Fact, passage: PassageRecord) -> bool:
    """Whether a tag tells what its row says of a year: annual, of the whole company, of that year and no later one."""
    days = (fact.period_end - (fact.period_start or date.min)).days
    is_annual = fact.period_start is None or 350 <= days <= 380
    is_said = bool(fact.row_label) and not any(char.isdigit() for char in fact.row_label)
    is_shown = passage.kind == "table" and fact.char_start is not None and fact.unit in ("USD", "USD/shares", "shares")
    is_own = not fact.dimensions and not _OF_ANOTHER_YEAR.search(f"{fact.concept} {fact.row_label}")
    is_told = bool(re.search(rf"\b{fact.fiscal_year}\b(?![,.]\d)", shown_text(passage)))
    return bool(fact.value) and is_annual and is_said and is_shown and is_own and is_told


def _printed_sign(fact: Fact, passage: PassageRecord) -> str:
    """The sign a number is printed with, which may be another than its tag's."""
    start = (fact.char_start or 0) - passage.char_start
    before = passage.text[max(0, start - 3) : start + 1].rstrip("0123456789")
    return "−" if re.search(r"[(−-]\s?\$?\s?$", before) else ""
