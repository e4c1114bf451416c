from __future__ import annotations

from decimal import Decimal

from tests.unit.filings.tagged_filings import fact, read_tagged


def test_a_fact_has_all_its_occurrences_with_the_value_tagged_at_each() -> None:
    exact, rounded = fact("1204", contextRef="end"), fact("1.2", contextRef="end", scale="3", decimals="-2")
    filing = read_tagged(f"<p>About {rounded} thousand.</p><p>Exactly {exact}.</p>")
    (found,) = filing.facts
    assert found.value == Decimal(1204)
    assert [occurrence.value for occurrence in found.occurrences] == [Decimal("1200"), Decimal(1204)]
    shown = [filing.document.text[slice(*occurrence.span)] for occurrence in found.occurrences if occurrence.span]
    assert shown == ["1.2", "1204"]


def test_a_number_too_long_for_the_table_is_kept_as_read_and_told() -> None:
    filing = read_tagged(f"<p>{fact('7', contextRef='end', scale='30')}</p>")
    assert [found.value for found in filing.facts] == [Decimal(7) * 10**30]
    assert [issue.reason for issue in filing.issues] == ["it has more digits than the facts table holds exactly"]
