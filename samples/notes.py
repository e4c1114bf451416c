"""Tagged tables of the notes on segments, revenue, property, goodwill and earnings per share."""

from decimal import ROUND_HALF_UP, Decimal

from samples.cells import FactCells
from samples.markup import Row, write_table

__all__ = ["write_disaggregation", "write_earnings_per_share", "write_goodwill", "write_property", "write_segments"]

_SEGMENT_AXIS = "us-gaap:StatementBusinessSegmentsAxis"
_CONSOLIDATION_AXIS = "srt:ConsolidationItemsAxis"
_OPERATING: tuple[str, str] = (_CONSOLIDATION_AXIS, "us-gaap:OperatingSegmentsMember")
_CORPORATE: tuple[str, str] = (_CONSOLIDATION_AXIS, "us-gaap:CorporateNonSegmentMember")
_PROPERTY_AXIS = "us-gaap:PropertyPlantAndEquipmentByTypeAxis"
_ACCUMULATED = "us-gaap:AccumulatedDepreciationDepletionAndAmortizationPropertyPlantAndEquipment"
_PROPERTY_PARTS = (
    ("Buildings and leasehold improvements", "us-gaap:BuildingAndBuildingImprovementsMember", Decimal("0.34")),
    ("Machinery, equipment and fixtures", "us-gaap:MachineryAndEquipmentMember", Decimal("0.45")),
    ("Software developed for internal use", "us-gaap:SoftwareDevelopmentMember", None),
)


def write_segments(cells: FactCells) -> str:
    """Return revenue and operating income by segment, reconciled to operating income."""
    rows = [*_write_segment_revenue(cells), *_write_segment_income(cells)]
    return write_table(cells.units, cells.duration_names, rows)


def _name_member(cells: FactCells, segment: str) -> tuple[str, str]:
    title = cells.company.segments[segment].replace(" ", "")
    return (_SEGMENT_AXIS, f"{cells.company.ticker.lower()}:{title}Member")


def _write_segment_revenue(cells: FactCells) -> list[Row]:
    company, periods = cells.company, cells.durations
    years = [company.statements[label] for label in cells.years]
    concept = company.revenue_concept
    rows = [Row(f"{company.name_line('Revenue')}:")]
    for name, title in company.segments.items():
        amounts = [year.segment_revenue[name] for year in years]
        rows.append(cells.write_row(title, concept, amounts, periods, (_name_member(cells, name),)))
    rows.append(cells.write_row("Total", concept, [year.income.revenue for year in years], periods, total=True))
    return rows


def _write_segment_income(cells: FactCells) -> list[Row]:
    company, periods = cells.company, cells.durations
    years = [company.statements[label] for label in cells.years]
    concept = "us-gaap:OperatingIncomeLoss"
    rows = [Row("Operating income:")]
    for name, title in company.segments.items():
        amounts = [year.segment_income[name] for year in years]
        rows.append(cells.write_row(title, concept, amounts, periods, (_OPERATING, _name_member(cells, name))))
    sums = [sum(year.segment_income.values()) for year in years]
    corporate = [-year.corporate_cost for year in years]
    amortization = [-year.income.amortization for year in years]
    impairment = [-year.income.goodwill_impairment for year in years]
    rows += [
        cells.write_row("Total segment operating income", concept, sums, periods, (_OPERATING,), total=True),
        cells.write_row("Corporate costs", concept, corporate, periods, (_CORPORATE,)),
        cells.write_row(
            "Amortization of intangible assets",
            "us-gaap:AmortizationOfIntangibleAssets",
            amortization,
            periods,
            flip=True,
        ),
    ]
    if any(impairment):
        loss = "us-gaap:GoodwillImpairmentLoss"
        rows.append(cells.write_row("Goodwill impairment", loss, impairment, periods, flip=True))
    label = company.name_line("Operating income (loss)")
    totals = [year.income.operating_income for year in years]
    return [*rows, cells.write_row(label, concept, totals, periods, total=True)]


def write_disaggregation(cells: FactCells) -> str:
    """Return revenue by the company's second split, footing to revenue."""
    company, split = cells.company, cells.company.split
    concept = company.revenue_concept
    totals = [company.statements[label].income.revenue for label in cells.years]
    rests = list(totals)
    rows: list[Row] = []
    for part, (title, member) in split.parts.items():
        amounts = list(rests)
        if part in split.shares:
            shares = [split.shares[part][label] for label in cells.years]
            amounts = [_round(total * share) for total, share in zip(totals, shares, strict=True)]
        rests = [rest - amount for rest, amount in zip(rests, amounts, strict=True)]
        rows.append(cells.write_row(title, concept, amounts, cells.durations, ((split.axis, member),)))
    rows.append(cells.write_row("Total", concept, totals, cells.durations, total=True))
    return write_table(cells.units, cells.duration_names, rows)


def write_property(cells: FactCells) -> str:
    """Return property and equipment by class, less accumulated depreciation."""
    years = cells.years[:2]
    balances = [cells.company.find_balance(label) for label in years]
    periods = [cells.find_instant(label) for label in years]
    gross = [balance.property_gross for balance in balances]
    accumulated = [-balance.accumulated_depreciation for balance in balances]
    concept = "us-gaap:PropertyPlantAndEquipmentGross"
    rests = list(gross)
    rows: list[Row] = []
    for title, member, share in _PROPERTY_PARTS:
        amounts = rests if share is None else [_round(amount * share) for amount in gross]
        rests = [rest - amount for rest, amount in zip(rests, amounts, strict=True)]
        rows.append(cells.write_row(title, concept, amounts, periods, ((_PROPERTY_AXIS, member),)))
    rows += [
        cells.write_row("Gross", concept, gross, periods, total=True),
        cells.write_row("Less accumulated depreciation", _ACCUMULATED, accumulated, periods, flip=True),
        cells.write_row(
            "Net", "us-gaap:PropertyPlantAndEquipmentNet", [b.property_net for b in balances], periods, total=True
        ),
    ]
    return write_table(cells.units, [cells.name_instant(label) for label in years], rows)


def write_goodwill(cells: FactCells) -> str:
    """Return the movement of goodwill over two years."""
    company, years = cells.company, cells.years[:2]
    ends = [company.find_balance(label).goodwill for label in years]
    starts = [company.find_balance(label - 1).goodwill for label in years]
    losses = [company.statements[label].income.goodwill_impairment for label in years]
    additions = [end - start + loss for end, start, loss in zip(ends, starts, losses, strict=True)]
    goodwill, periods = "us-gaap:Goodwill", [cells.find_duration(label) for label in years]
    instants = [cells.find_instant(label) for label in years]
    rows = [
        cells.write_row("Balance, beginning of year", goodwill, starts, [cells.find_instant(y - 1) for y in years]),
        cells.write_row("Acquired", "us-gaap:GoodwillAcquiredDuringPeriod", additions, periods),
        cells.write_row("Impairment", "us-gaap:GoodwillImpairmentLoss", [-loss for loss in losses], periods, flip=True),
        cells.write_row("Balance, end of year", goodwill, ends, instants, total=True),
    ]
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
