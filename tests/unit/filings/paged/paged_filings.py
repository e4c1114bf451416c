"""The pages of a fictional filing, as text is drawn from a PDF: Velmora Lamps, Inc., year ended June 30, 2021."""

from __future__ import annotations

from finrag_ml_tg1.filings.paged.document import PagedDocument

COVER = """UNITED STATES SECURITIES AND EXCHANGE COMMISSION
FORM 10-K
ANNUAL REPORT PURSUANT TO SECTION 13 OR 15(d) OF THE SECURITIES EXCHANGE ACT OF 1934
For the fiscal year ended June 30, 2021
Velmora Lamps, Inc.
"""
INCOME = """VELMORA LAMPS, INC.
CONSOLIDATED STATEMENTS OF INCOME
(in millions, except per share amounts)
Year Ended June 30,
2021 2020 2019
Net sales $ 1,250 $ 1,100 $ 980
Cost of sales (Note 3) 800 720 650
Gross profit 450 380 330
Selling, general and administrative expenses 210 190 180
Impairment of a kiln — 15 —
Operating income 240 175 150
Interest expense (12) (14) (15)
INCOME BEFORE
INCOME TAXES 228 161 135
Provision for income taxes 50 36 30
Net income $ 178 $ 125 $ 105
Earnings per share:
Basic $ 1.78 $ 1.25 $ 1.05
Diluted $ 1.75 $ 1.23 $ 1.04
Weighted-average shares:
Diluted 101.7 101.6 101.0
See accompanying notes to the consolidated financial statements.
41
"""
BALANCE = """VELMORA LAMPS, INC.
CONSOLIDATED BALANCE SHEETS
(in millions, except share data)
June 30, 2021 June 30, 2020 ASSETS Current assets: Cash and cash equivalents $ 210 $ 160 Receivables, net 190 170
Inventories (Notes 1 and 4) 240 230 Deferred charges 1,007 Total current assets 647 560
Property, plant and
equipment, net 400 390
Goodwill 90 90
Total assets $ 1,137 $ 1,040
LIABILITIES AND EQUITY
Accounts payable $ 150 $ 140
Total current liabilities 150 140
Long-term debt 300 330
Total liabilities 450 470
Common stock, $.01 par value; 100,000,000 shares outstanding at June 30, 2020: 99,000,000
Retained earnings 686 569
Total shareholders’ equity 687 570
Total liabilities and equity $ 1,137 $ 1,040
"""
CASH_FLOWS = """VELMORA
LAMPS,
INC.
CONSOLIDATED
STATEMENTS
OF
CASH
FLOWS
(in millions)
Year
Ended
June
30,
2021 2020 2019
Net income $ 178 $ 125 $ 105
Depreciation and amortization 45 42 40
Changes in inventories and receivables (30) (12) (9)
Net cash provided by operating activities 193 155 136
Purchases of property, plant and equipment (60) (55) (50)
Net cash used in investing activities (60) (55) (50)
Dividends paid (53)
(50) (48)
Repayments of debt (30) (20) (20)
Net cash used in financing activities (83) (70) (68)
Increase in cash and cash equivalents 50 30 18
Cash and cash equivalents at beginning of year 160 130 112
Cash and cash equivalents at end of year $ 210 $ 160 $ 130
"""
PROSE = """ITEM 7. MANAGEMENT’S DISCUSSION AND ANALYSIS
Sales of reading lamps grew in every region, and the new kiln in Aldermoor went into operation in March without any of
the delays that had been feared when it was ordered.
"""


def velmora(*, income: str = INCOME, balance: str = BALANCE, cash_flows: str = CASH_FLOWS) -> PagedDocument:
    """Return the filing; its pages are numbered from 30."""
    pages = (COVER, PROSE, income, balance, cash_flows, PROSE.replace("reading", "standing"))
    return PagedDocument(
        identifier="VELMORA_2021_10K",
        company="Velmora Lamps",
        tickers=("VELM",),
        form="10-K",
        fiscal_year=2021,
        fiscal_period="",
        pages=tuple(enumerate(pages, start=30)),
    )
