"""Numbers rounded to what can be read, in the unit and magnitude a person would say them in. Pure.

"$391.0 billion", "24.0 %", "12.3 times": rounded, so whoever shows one shows the exact number elsewhere.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal

__all__ = ["Scale", "choose_scale", "write_rounded"]

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_MAGNITUDES = (
    (Decimal(10) ** 12, "trillion"),
    (Decimal(10) ** 9, "billion"),
    (Decimal(10) ** 6, "million"),
)
# From here on a number would round to a thousand of the magnitude below.
_NEARLY_ONE = Decimal("0.99995")
_MOST_PLACES = 4
# Room for every digit of the longest number that is read.
_CONTEXT = Context(prec=130, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Scale:
    """A value times `factor` is read between `before` and `after`; `unit` names what it is then counted in."""

    factor: Decimal
    unit: str
    before: str = ""
    after: str = ""
    least_places: int = 0

    def read(self, value: Decimal) -> Decimal:
        """Return the value in this scale's unit, rounded to three or four digits, and never to nothing."""
        scaled = _CONTEXT.multiply(value, self.factor)
        return _round(scaled, self._choose_places(scaled))

    def write_digits(self, value: Decimal) -> str:
        """Return the rounded number without its unit."""
        return f"{self.read(value):,f}".replace("-", "−")

    def write(self, value: Decimal) -> str:
        """Return the rounded number with its unit: "−$11.82 billion"."""
        rounded = self.read(value)
        return f"{'−' if rounded < 0 else ''}{self.before}{abs(rounded):,f}{self.after}"

    def _choose_places(self, scaled: Decimal) -> int:
        size = abs(scaled)
        given = max(0, -int(scaled.normalize(_CONTEXT).as_tuple().exponent))
        if self.least_places:
            places = min(max(self.least_places, given), _MOST_PLACES)
        elif self.factor == 1 and given == 0:
            places = 0
        else:
            places = 0 if size >= 1000 else 1 if size >= 10 else 2
        is_lost = size and not _round(scaled, places)
        return 1 - scaled.adjusted() if is_lost else places


def write_rounded(value: Decimal, unit: str, display: str) -> str:
    """Return one number in its own scale."""
    return choose_scale(unit, display, value).write(value)


def choose_scale(unit: str, display: str, largest: Decimal) -> Scale:
    """Return the scale for numbers of a unit up to `largest`; `display` is that of a calculation, "" for a fact.

    A tagged number that has no unit and is not whole is a ratio, and read as per cent.
    """
    if unit == "pure":
        return _choose_pure(display, is_whole=largest == largest.to_integral_value())
    if unit == "days":
        return Scale(Decimal(1), "days", after=" days")
    name, _, per = unit.partition("/")
    sign = _SIGNS.get(name, "")
    if per:
        words = f" per {per.rstrip('s')}"
        return Scale(Decimal(1), name + words, sign, ("" if sign else f" {name}") + words, least_places=2)
    power, magnitude = _choose_magnitude(name, abs(largest))
    after = f"{magnitude and f' {magnitude}'}{'' if sign else f' {name}'}"
    is_money = len(name) == 3 and name.isupper()
    return Scale(1 / power, f"{name}{magnitude and f' {magnitude}'}" if is_money else after.strip(), sign, after)


def _choose_pure(display: str, *, is_whole: bool) -> Scale:
    if display == "percent" or (not display and not is_whole):
        return Scale(Decimal(100), "%", after=" %")
    if display == "points":
        return Scale(Decimal(100), "percentage points", after=" percentage points")
    if display == "basis points":
        return Scale(Decimal(10_000), "basis points", after=" basis points")
    if display == "times":
        return Scale(Decimal(1), "times", after=" times")
    return Scale(Decimal(1), "")


def _choose_magnitude(name: str, size: Decimal) -> tuple[Decimal, str]:
    """Return the power of ten a number is read in; shares are counted in millions, however many they are."""
    fitting = [(power, word) for power, word in _MAGNITUDES if size >= power * _NEARLY_ONE]
    if not fitting:
        return Decimal(1), ""
    return fitting[-1] if name == "shares" else fitting[0]


def _round(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), context=_CONTEXT)
