"""Check of this machine's clock against the store's: S3 refuses what is signed a quarter of an hour off."""

from __future__ import annotations

from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.s3_access import S3Access

__all__ = ["check_clock"]

_NOTED_S = 60.0
_REFUSED_S = 15 * 60.0


def check_clock(access: S3Access | None) -> Finding:
    """Look how far the two clocks are apart, by the Date of the store's answers."""
    if access is None:
        return skipped("the store is a folder: nothing to compare this machine's clock with")
    if access.skew_s is None:
        return skipped("the store gave no time")
    off = abs(access.skew_s)
    found = f"{off:.0f} s {'ahead of' if access.skew_s > 0 else 'behind'} the store's clock"
    advice = "set this machine's clock: `timedatectl set-ntp true`, or restart its time service (a VM's host's)"
    if off >= _REFUSED_S:
        return failed(f"{found}: S3 refuses more than {_REFUSED_S / 60:.0f} minutes", advice)
    if off >= _NOTED_S:
        return warning(found, advice)
    return ok(f"within {max(1.0, off):.0f} s of the store's clock")
