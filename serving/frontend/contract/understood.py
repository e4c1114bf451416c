"""What a question was understood to be about, as the `resolved` part of an answer tells it."""

from dataclasses import dataclass

from serving.frontend.contract.json_row import JsonRow

__all__ = ["NamedCompany", "Understood", "read_understood"]

_READ_AS = "Read as: “"


@dataclass(frozen=True, slots=True)
class NamedCompany:
    """A company the question was understood to name."""

    name: str
    tickers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Understood:
    """Companies, years, items and metrics a question was read as; `notes` say what had to be assumed."""

    companies: tuple[NamedCompany, ...]
    fiscal_years: tuple[int, ...]
    items: tuple[str, ...]
    metrics: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def read_as(self) -> str:
        """The question in the words it was read in after those before it; "" when it was taken as it stands."""
        note = next((note for note in self.notes if note.startswith(_READ_AS)), "")
        return note.removeprefix(_READ_AS).rstrip(".").removesuffix("”")

    @property
    def assumptions(self) -> tuple[str, ...]:
        """The notes without the one that tells how the question was read."""
        return tuple(note for note in self.notes if not note.startswith(_READ_AS))


def read_understood(row: JsonRow) -> Understood:
    """Return the record, or raise `ContractError`."""
    return Understood(
        companies=tuple(NamedCompany(each.text("name"), each.texts("tickers")) for each in row.rows("companies")),
        fiscal_years=tuple(int(year) for year in row.texts("fiscal_years")),
        items=row.texts("items"),
        metrics=row.texts("metrics"),
        notes=row.texts("notes"),
    )
