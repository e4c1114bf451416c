"""Inline XBRL as a filer's tool writes it: tagged text, the contexts it needs, and the hidden header."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html import escape

__all__ = ["Dimensions", "InlineWriter", "Period"]

Dimensions = tuple[tuple[str, str], ...]

_MEASURES = {
    "usd": "<xbrli:measure>iso4217:USD</xbrli:measure>",
    "shares": "<xbrli:measure>xbrli:shares</xbrli:measure>",
    "usdPerShare": (
        "<xbrli:divide><xbrli:unitNumerator><xbrli:measure>iso4217:USD</xbrli:measure></xbrli:unitNumerator>"
        "<xbrli:unitDenominator><xbrli:measure>xbrli:shares</xbrli:measure></xbrli:unitDenominator></xbrli:divide>"
    ),
}


@dataclass(frozen=True)
class Period:
    """A period of days, both ends inside; without `start` the instant at the end of `end`."""

    end: date
    start: date | None = None


@dataclass
class InlineWriter:
    """Writes the facts of one document and remembers the contexts and units they use."""

    cik: str
    ticker: str
    _contexts: dict[tuple[Period, Dimensions], str] = field(default_factory=dict)
    _units: set[str] = field(default_factory=set)
    _hidden: list[str] = field(default_factory=list)
    _facts: int = 0

    def tag_number(
        self,
        concept: str,
        value: Decimal,
        period: Period,
        dims: Dimensions = (),
        *,
        unit: str,
        scale: int,
        decimals: int,
    ) -> str:
        """Return the tagged absolute amount; `value` is in base units, `scale` the power of ten it is printed in."""
        self._units.add(unit)
        printed = abs(value).scaleb(-scale).quantize(Decimal(1).scaleb(-max(0, scale + decimals)))
        text, form = ("—", "ixt:fixed-zero") if value == 0 else (f"{printed:,f}", "ixt:num-dot-decimal")
        sign = ' sign="-"' if value < 0 else ""
        return (
            f'<ix:nonFraction unitRef="{unit}" contextRef="{self._find_context(period, dims)}" decimals="{decimals}"'
            f' name="{concept}"{sign} format="{form}" scale="{scale}" id="{self._next_id()}">{text}</ix:nonFraction>'
        )

    def tag_text(self, concept: str, text: str, period: Period, form: str | None = None) -> str:
        """Return the tagged text, escaped."""
        shape = f' format="{form}"' if form else ""
        return (
            f'<ix:nonNumeric contextRef="{self._find_context(period, ())}" name="{concept}"{shape}'
            f' id="{self._next_id()}">{escape(text)}</ix:nonNumeric>'
        )

    def hide_text(self, concept: str, text: str, period: Period) -> None:
        """Put a tagged text into the hidden part of the header."""
        self._hidden.append(self.tag_text(concept, text, period))

    def write_header(self, schema: str) -> str:
        """Return the header; call it last, when every fact has been written."""
        contexts = "".join(self._write_context(key, name) for key, name in self._contexts.items())
        units = "".join(f'<xbrli:unit id="{unit}">{_MEASURES[unit]}</xbrli:unit>' for unit in sorted(self._units))
        return (
            f'<div style="display:none"><ix:header><ix:hidden>{"".join(self._hidden)}</ix:hidden>'
            f'<ix:references xml:lang="en-US"><link:schemaRef xlink:type="simple" xlink:href="{schema}"/>'
            f"</ix:references><ix:resources>{contexts}{units}</ix:resources></ix:header></div>"
        )

    def _find_context(self, period: Period, dims: Dimensions) -> str:
        return self._contexts.setdefault((period, dims), f"c-{len(self._contexts) + 1}")

    def _next_id(self) -> str:
        self._facts += 1
        return f"f-{self._facts}"

    def _write_context(self, key: tuple[Period, Dimensions], name: str) -> str:
        period, dims = key
        members = "".join(
            f'<xbrldi:explicitMember dimension="{axis}">{member}</xbrldi:explicitMember>' for axis, member in dims
        )
        segment = f"<xbrli:segment>{members}</xbrli:segment>" if members else ""
        if period.start is None:
            days = f"<xbrli:instant>{period.end}</xbrli:instant>"
        else:
            days = f"<xbrli:startDate>{period.start}</xbrli:startDate><xbrli:endDate>{period.end}</xbrli:endDate>"
        return (
            f'<xbrli:context id="{name}"><xbrli:entity><xbrli:identifier scheme="http://www.sec.gov/CIK">{self.cik}'
            f"</xbrli:identifier>{segment}</xbrli:entity><xbrli:period>{days}</xbrli:period></xbrli:context>"
        )
