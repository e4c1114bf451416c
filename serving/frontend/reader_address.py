"""For whom the back end is asked: its limits are for each reader, and to it all of them come from this process.

As every proxy does, this one passes `X-Forwarded-For` on with the address of its own peer added at the right. Who of
the list is believed, the back end decides (FINRAG_TRUSTED_PROXIES); what a reader writes there stays left of his own.
"""

import re

import streamlit as st

__all__ = ["read_forwarded_for"]

_ENTRY = re.compile(r"[0-9A-Fa-f.:\[\]]{1,60}")
_MAX_ENTRIES = 10
# Streamlit gives no address for this machine's own.
_LOOPBACK = "127.0.0.1"


def read_forwarded_for() -> str:
    """Return the value of `X-Forwarded-For` for requests of the session whose script runs; never empty.

    An entry that is no address is passed on as "unknown": the back end reads no further than to it.
    """
    named = ",".join(st.context.headers.get_all("X-Forwarded-For")).split(",")
    entries = [entry.strip() for entry in named[-_MAX_ENTRIES:] if entry.strip()]
    passed_on = [entry if _ENTRY.fullmatch(entry) else "unknown" for entry in entries]
    return ", ".join([*passed_on, st.context.ip_address or _LOOPBACK])
