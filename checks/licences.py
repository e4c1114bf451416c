"""The licences of what is installed: only such as let FinRAG be used and passed on under its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from importlib.metadata import Distribution

from packaging.utils import canonicalize_name

from checks.exceptions import LicenceException

__all__ = ["ALLOWED", "licence_mistakes", "licence_of"]

# SPDX identifiers. MPL and LGPL bind who changes those libraries, not who uses them.
ALLOWED = frozenset(
    "0BSD Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 CC0-1.0 HPND ISC LGPL-2.1-or-later "
    "LGPL-3.0-or-later MIT MIT-0 MIT-CMU MPL-2.0 PSF-2.0 Python-2.0 Unicode-3.0 Unlicense Zlib ZPL-2.1".split()
)
# They only take conditions away.
_WITHOUT_WEIGHT = {"LLVM-exception"}

# How metadata names them where it has no SPDX expression: classifiers' last words, and free texts.
_NAMES = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "apache-2.0 license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd-3-clause license": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "new bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mit license": "MIT",
    "the mit license": "MIT",
    "mit no attribution license (mit-0)": "MIT-0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "mozilla public license 2.0": "MPL-2.0",
    "psf license": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "historical permission notice and disclaimer (hpnd)": "HPND",
    "the unlicense (unlicense)": "Unlicense",
    "zope public license": "ZPL-2.1",
}


def licence_mistakes(
    installed: Iterable[Distribution], exceptions: Collection[LicenceException], own: str = "finrag"
) -> list[str]:
    """Return the installed distributions whose licence is not allowed or not known, one line each."""
    excepted = {canonicalize_name(entry.package) for entry in exceptions}
    found = []
    for distribution in installed:
        name = canonicalize_name(distribution.metadata["Name"])
        licence = licence_of(distribution)
        if name != own and name not in excepted and not _is_allowed(licence):
            found.append(f"{name}: {licence or 'no licence is named'}")
    return sorted(found)


def licence_of(distribution: Distribution) -> str:
    """Return an SPDX expression, else the words of the metadata that name the licence; "" when nothing does."""
    metadata = distribution.metadata
    if expression := metadata.json.get("license_expression"):
        return str(expression)
    classifiers = [
        name.rpartition(" :: ")[2]
        for name in metadata.get_all("Classifier") or ()
        if name.startswith("License :: ") and not name.endswith("OSI Approved")
    ]
    if classifiers:
        return " OR ".join(_NAMES.get(name.lower(), name) for name in classifiers)
    text = str(metadata.json.get("license") or "").strip()
    first = text.partition("\n")[0].strip()
    return _NAMES.get(first.lower(), first)


def _is_allowed(expression: str) -> bool:
    """Whether an SPDX expression can be met: one side of each OR, all sides of each AND.

    With brackets every licence in it has to be allowed, which is stricter than SPDX where they hold a choice.
    """
    words = re.split(r"[()]|\s+(?:AND|OR|WITH)\s+", expression) if "(" in expression else None
    choices = (
        [words] if words else [choice.split(" AND ") for choice in expression.replace(" WITH ", " AND ").split(" OR ")]
    )
    return any(
        all(_is_known(licence.strip()) for licence in choice if licence.strip()) for choice in choices if expression
    )


def _is_known(licence: str) -> bool:
    return licence in ALLOWED or licence in _WITHOUT_WEIGHT
