"""Words of asking for a number: they say nothing of which number is asked for."""

from __future__ import annotations

__all__ = ["FILLERS", "JOINING_WORDS"]

FILLERS = frozenset(
    """
    10 10k 10q a about above according account actual actually after against aggregate all also among amount
    amounts an and annual annually annum any apart approximate approximately approximation april are as asked at
    august average back balance be been before beginning being below between bigger biggest billion billions
    both business but by cagr calculate calendar came can change changed changes close closing combined come
    comes companies company compare compared comparison compound compute consolidated contributed contribution
    corp corporation corresponding could cumulative current currently date december decline declined decrease
    decreased decreases deteriorate did difference disclose disclosed display divided do document does dollar
    dollars drop dropped during each either end ended ending entire entry equal even ever exact exactly exceed
    exceeded exceeds expand expanded expressed fall fallen february fell fewer fewest figure figures file filed
    filer filing filings find firm firms first fiscal following for form fraction from full fy gaap gave
    generate generated get give given gives go grew grow growing grown growth had half has have haven higher
    highest historical historically history how i improve improved improving in inc include included including
    increase increased increases initially is it item its january july june just k know larger largest last
    latest least less level line list listed long look lower lowest made magnitude make many march may me mean
    mentioned million millions month months more most much my need net no not november now number numbers
    october of on one only opening or originally our out over overall paid pay peers per percent percentage
    period periods please point portion position post posted precisely present proportion provide provided pull
    quarter quarterly question quick quickly quote rank ranked ranking rate ratio really recent record recorded
    reduction registrant relative report reported reporting reports respectively restated result results rise
    risen rose roughly s same say see september share she sheet should show showed shown shows since size
    smaller smallest so specific spend spending spends spent stand start state stated statement statements still
    stood sum surpass surpassed tagged tell than that the their them then there these they this those thousand
    thousands through time to top total totals trend two u under until up us usd use used using value values
    versus vs want was we well went were what whats when which while who whole will with within worse worst
    worth would year years yes yet you your yoy
    """.split()
)

# What stands between a metric and the words that say which part of it is meant.
JOINING_WORDS = frozenset("from of for in by on to at within with across through".split())
