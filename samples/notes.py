"""Tagged tables of the notes on segments, revenue, property, goodwill and earnings per share."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal

from samples.cells import FactCells
from samples.inline_xbrl import Dimensions
from samples.markup import Cell, Row, write_table

__all__ = ["write_disaggregation", "write_earnings_per_share", "write_goodwill", "write_property", "write_segments"]

_SEGMENT_AXIS = "us-gaap:StatementBusinessSegmentsAxis"
_CONSOLIDATION_AXIS = "srt:ConsolidationItemsAxis"
_OPERATING: tuple[str, str] = (_CONSOLIDATION_AXIS, "us-gaap:OperatingSegmentsMember")
_CORPORATE: tuple[str, str] = (_CONSOLIDATION_AXIS, "us-gaap:CorporateNonSegmentMember")
_PROPERTY_AXIS = "us-gaap:PropertyPlantAndEquipmentByTypeAxis"
_PROPERTY_PARTS = (
    ("Buildings and leasehold improvements", "us-gaap:BuildingAndBuildingImprovementsMember", Decimal("0.34")),
    ("Machinery, equipment and fixtures", "us-gaap:MachineryAndEquipmentMember", Decimal("0.45")),
    ("Software developed for internal use", "us-gaap:SoftwareDevelopmentMember", None),
)


def write_segments(cells: FactCells) -> str:
    """Return revenue and operating income by segment, reconciled to operating income."""
    company = cells.company
    members = {
        name: f"{company.ticker.lower()}:{title.replace(' ', '')}Member" for name, title in company.segments.items()
    }
    years = {label: company.statements[label] for label in cells.years}

    def write(label: str, concept: str, amount: Callable[[int], int], dims: Dimensions = (), **style: bool) -> Row:
        row = [
            cells.write_money(concept, amount(year), cells.find_duration(year), dims, flip=style.get("flip", False))
            for year in years
        ]
        return Row(label, row, total=style.get("total", False), indent=not style.get("total", False))

    income = "us-gaap:OperatingIncomeLoss"
    rows = [Row(f"{company.labels['revenue']}:")]
    for name, title in company.segments.items():
        dims: Dimensions = ((_SEGMENT_AXIS, members[name]),)
        rows.append(
            write(title, company.revenue_concept, lambda year, name=name: years[year].segment_revenue[name], dims)
        )
    rows.append(write("Total", company.revenue_concept, lambda year: years[year].income.revenue, total=True))
    rows.append(Row("Operating income:"))
    for name, title in company.segments.items():
        dims = (_OPERATING, (_SEGMENT_AXIS, members[name]))
        rows.append(write(title, income, lambda year, name=name: years[year].segment_income[name], dims))
    rows.append(
        write(
            "Total segment operating income",
            income,
            lambda year: sum(years[year].segment_income.values()),
            (_OPERATING,),
            total=True,
        )
    )
    rows.append(write("Corporate costs", income, lambda year: -years[year].corporate_cost, (_CORPORATE,)))
    amortization = "us-gaap:AmortizationOfIntangibleAssets"
    rows.append(
        write("Amortization of intangible assets", amortization, lambda y: -years[y].income.amortization, flip=True)
    )
    if any(year.income.goodwill_impairment for year in years.values()):
        concept = "us-gaap:GoodwillImpairmentLoss"
        rows.append(write("Goodwill impairment", concept, lambda y: -years[y].income.goodwill_impairment, flip=True))
    label = company.labels.get("operating_income", "Operating income (loss)")
    rows.append(write(label, income, lambda year: years[year].income.operating_income, total=True))
    return write_table(cells.units, [cells.name_duration(year) for year in years], rows)


def write_disaggregation(cells: FactCells) -> str:
    """Return revenue by the company's second split, footing to revenue."""
    split = cells.company.split
    columns: list[list[Cell]] = []
    for label in cells.years:
        revenue = cells.company.statements[label].income.revenue
        amounts = [_round(revenue * shares[label]) for shares in split.shares.values()]
        amounts.append(revenue - sum(amounts))
        period = cells.find_duration(label)
        concept = cells.company.revenue_concept
        column = [
            cells.write_money(concept, amount, period, ((split.axis, member),))
            for amount, (_, member) in zip(amounts, split.parts.values(), strict=True)
        ]
        columns.append([*column, cells.write_money(concept, revenue, period, dollar=True)])
    titles = [title for title, _ in split.parts.values()] + ["Total"]
    rows = [
        Row(title, [column[index] for column in columns], total=title == "Total") for index, title in enumerate(titles)
    ]
    return write_table(cells.units, [cells.name_duration(label) for label in cells.years], rows)


def write_property(cells: FactCells) -> str:
    """Return property and equipment by class, less accumulated depreciation."""
    columns: list[list[Cell]] = []
    gross_concept = "us-gaap:PropertyPlantAndEquipmentGross"
    for label in cells.years[:2]:
        balance, period = cells.company.find_balance(label), cells.find_instant(label)
        parts = [_round(balance.property_gross * share) for *_, share in _PROPERTY_PARTS if share is not None]
        parts.append(balance.property_gross - sum(parts))
        column = [
            cells.write_money(gross_concept, part, period, ((_PROPERTY_AXIS, member),))
            for part, (_, member, _) in zip(parts, _PROPERTY_PARTS, strict=True)
        ]
        accumulated = (
            "us-gaap:AccumulatedDepreciationDepletionAndAmortizationPropertyPlantAndEquipment",
            -balance.accumulated_depreciation,
        )
        column.append(cells.write_money(gross_concept, balance.property_gross, period))
        column.append(cells.write_money(*accumulated, period, flip=True))
        column.append(
            cells.write_money("us-gaap:PropertyPlantAndEquipmentNet", balance.property_net, period, dollar=True)
        )
        columns.append(column)
    titles = [title for title, *_ in _PROPERTY_PARTS] + ["Gross", "Less accumulated depreciation", "Net"]
    rows = [
        Row(title, [column[index] for column in columns], total=title in {"Gross", "Net"})
        for index, title in enumerate(titles)
    ]
    return write_table(cells.units, [cells.name_instant(label) for label in cells.years[:2]], rows)


def write_goodwill(cells: FactCells) -> str:
    """Return the movement of goodwill over two years."""
    company, years = cells.company, cells.years[:2]
    ends = [company.find_balance(label).goodwill for label in years]
    starts = [company.find_balance(label - 1).goodwill for label in years]
    losses = [company.statements[label].income.goodwill_impairment for label in years]
    additions = [end - start + loss for end, start, loss in zip(ends, starts, losses, strict=True)]
    goodwill = "us-gaap:Goodwill"
    moves = (
        ("Acquired", "us-gaap:GoodwillAcquiredDuringPeriod", additions, False),
        ("Impairment", "us-gaap:GoodwillImpairmentLoss", [-loss for loss in losses], True),
    )
    opening = [
        cells.write_money(goodwill, amount, cells.find_instant(label - 1))
        for amount, label in zip(starts, years, strict=True)
    ]
    closing = [
        cells.write_money(goodwill, amount, cells.find_instant(label), dollar=True)
        for amount, label in zip(ends, years, strict=True)
    ]
    rows = [Row("Balance, beginning of year", opening)]
    for title, concept, amounts, flip in moves:
        pairs = zip(amounts, years, strict=True)
        rows.append(
            Row(title, [cells.write_money(concept, amount, cells.find_duration(y), flip=flip) for amount, y in pairs])
        )
    rows.append(Row("Balance, end of year", closing, total=True))
    return write_table(cells.units, [f"Fiscal {label}" for label in years], rows)


def write_earnings_per_share(cells: FactCells) -> str:
    """Return how diluted shares come from basic ones."""
    statements = {label: cells.company.statements[label].income for label in cells.years}
    basic, dilution, diluted = (
        "us-gaap:WeightedAverageNumberOfSharesOutstandingBasic",
        "us-gaap:IncrementalCommonSharesAttributableToShareBasedPaymentArrangements",
        "us-gaap:WeightedAverageNumberOfDilutedSharesOutstanding",
    )
    periods = {label: cells.find_duration(label) for label in cells.years}
    shares = (
        ("Weighted-average basic shares", basic, {y: s.basic_shares for y, s in statements.items()}),
        ("Effect of dilutive awards", dilution, {y: s.diluted_shares - s.basic_shares for y, s in statements.items()}),
        ("Weighted-average diluted shares", diluted, {y: s.diluted_shares for y, s in statements.items()}),
    )
    rows = [
        Row(title, [cells.write_shares(concept, row[y], periods[y]) for y in row]) for title, concept, row in shares
    ]
    return write_table("(Shares in thousands)", [cells.name_duration(label) for label in cells.years], rows)


def _round(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
