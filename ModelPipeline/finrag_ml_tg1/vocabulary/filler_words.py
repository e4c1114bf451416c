"""Words of asking for a number: they say nothing of which number is asked for."""

from __future__ import annotations

__all__ = ["FILLERS", "JOINING_WORDS", "LABEL_FILLERS", "NAMING_FILLERS"]

FILLERS = frozenset(
    """
    10 10k 10q a about above according account achieve achieved actual actually after against aggregate all also
    among amount amounted amounts an and annual annually annum any apart approximate approximately approximation
    april are as ask asked asking asks at august average back balance be been before beginning being below between
    big bigger biggest billion billions both bring brought business but by cagr calculate calendar came can carried
    carry change changed changes check close closing combined come comes companies company compare compared
    comparison compound compute confirm consolidated contributed contribution corp corporation corresponding could
    cumulative curious current currently d date december decline declined decrease decreased decreases deteriorate
    develop developed did difference disclose disclosed display divided do document does dollar dollars drop dropped
    during each eight either eleven end ended ending entire entry equal even ever evolve evolved exact exactly
    exceed exceeded exceeds expand expanded expressed extract fall fallen fare fared faster fastest february fell
    fetch fewer fewest figure figures file filed filer filing filings find firm firms first fiscal five following
    for form found four fraction from full fy gaap gave generate generated get give given gives go grab grew grow
    growing grown growth had half has have haven hear held hello help hi higher highest historical historically
    history hold holds how i improve improved improving in inc include included including increase increased
    increases initially interested is it item its january july june just k kindly know larger largest last latest
    least less level like line list listed ll long look looking looks lower lowest made magnitude make many march
    may maybe me mean mentioned million millions money month months more most move moved much my need net nine no
    not november now number numbers october of on one only opening or originally other our out over overall paid pay
    payment payments peers per percent percentage period periods please point portion position possibly post posted
    precisely present profile proportion provide provided pull quarter quarterly question quick quickly quote rank
    ranked ranking rate ratio re really recent record recorded reduction registrant relative report reported
    reporting reports respectively restated result results retrieve rise risen rose roughly s same say see seen
    september seven share she sheet should show showed shown shows since six size slower slowest smaller smallest so
    specific spend spending spends spent stand start state stated statement statements stating still stood sum
    surpass surpassed tagged tell telling tells ten than thank thanks that the their them then there these they this
    those thousand thousands three through time to top total totaled totaling totalled totalling totals trend trying
    twelve two u under understand until up us usd use used using value values ve verify versus vs want was we well
    went were what whats when which while who whole will wish with within wondering worse worst worth would year
    years yes yet you your yoy
    """.split()
)

# What stands between a metric and the words that say which part of it is meant.
JOINING_WORDS = frozenset("from of for in by on per to at within with across through".split())

# Of the fillers those that stand in names of parts as well: "US sales", "Other revenue", "Compute revenue".
NAMING_FILLERS = frozenset("all compute display document line other us".split())

# And those that tell lines of a filing apart: "Interest expense, net", "Current portion of ...", "Increase in ...".
LABEL_FILLERS = frozenset(
    """
    after amount balance before beginning change changed changes closing combined consolidated current decrease
    decreased decreases difference due end ending including increase increased increases less long money net opening
    other     paid portion provided rate total totals under used value values
    """.split()
)
