"""JSON objects read field by field, with an error that names the field."""

from decimal import Decimal

__all__ = ["ContractError", "JsonRow"]


# No number of a filing is longer; what is would only fill memory when written out.
_MAX_DIGITS = 60


class ContractError(ValueError):
    """The back end's JSON is not shaped as agreed; the message names the field."""


class JsonRow:
    """One JSON object; every reader raises `ContractError` for a field of another type."""

    def __init__(self, value: object) -> None:
        if not isinstance(value, dict):
            raise ContractError("a JSON object was expected")
        self._fields: dict[str, object] = value

    def _refuse(self, name: str, expected: str) -> ContractError:
        return ContractError(f"field '{name}' is not {expected}")

    def optional_text(self, name: str) -> str | None:
        """Return a text or None."""
        value = self._fields.get(name)
        if value is None or isinstance(value, str):
            return value
        raise self._refuse(name, "a text")

    def text(self, name: str) -> str:
        """Return a text."""
        value = self.optional_text(name)
        if value is None:
            raise self._refuse(name, "a text")
        return value

    def optional_number(self, name: str) -> float | None:
        """Return a number or None."""
        return None if self._fields.get(name) is None else float(self.decimal(name))

    def decimal(self, name: str) -> Decimal:
        """Return a number with all its digits."""
        value = self._fields.get(name)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            number = Decimal(str(value))
            if number.is_finite() and abs(number.adjusted()) < _MAX_DIGITS:
                return number or Decimal(0)
        raise self._refuse(name, "a number")

    def optional_integer(self, name: str) -> int | None:
        """Return a whole number or None."""
        value = self.optional_number(name)
        if value is None or value == int(value):
            return None if value is None else int(value)
        raise self._refuse(name, "a whole number")

    def integer(self, name: str) -> int:
        """Return a whole number."""
        value = self.optional_integer(name)
        if value is None:
            raise self._refuse(name, "a whole number")
        return value

    def flag(self, name: str) -> bool:
        """Return true or false."""
        value = self._fields.get(name)
        if not isinstance(value, bool):
            raise self._refuse(name, "true or false")
        return value

    def optional_flag(self, name: str) -> bool:
        """Return true or false; false when there is none."""
        return self._fields.get(name) is not None and self.flag(name)

    def items(self, name: str) -> list[object]:
        """Return a list as it is."""
        value = self._fields.get(name)
        if not isinstance(value, list):
            raise self._refuse(name, "a list")
        return value

    def row(self, name: str) -> "JsonRow":
        """Return a nested object."""
        return JsonRow(self._fields.get(name))

    def rows(self, name: str) -> list["JsonRow"]:
        """Return a list of objects."""
        return [JsonRow(item) for item in self.items(name)]

    def text_pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return an object of texts as (name, text) pairs."""
        value = self._fields.get(name)
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise self._refuse(name, "an object of texts")
        return tuple(value.items())

    def number_pairs(self, name: str) -> tuple[tuple[str, float], ...]:
        """Return an object of numbers as (name, number) pairs."""
        value = self._fields.get(name)
        if not isinstance(value, dict):
            raise self._refuse(name, "an object of numbers")
        row = JsonRow(value)
        return tuple((key, float(row.decimal(key))) for key in value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list as texts, numbers included."""
        return tuple(str(item) for item in self.items(name))

    def optional_texts(self, name: str) -> tuple[str, ...]:
        """Return a list as texts, empty when there is none."""
        return () if self._fields.get(name) is None else self.texts(name)
