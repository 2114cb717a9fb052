"""Whether the clock of this machine is right, by the Date header of AWS: with a wrong one every age shown is wrong."""

from datetime import datetime

from edgeops.estate.models import AccessState, Account, AccountHealth

SERVICE = "clock"
TOLERATED_SECONDS = 60


def note(account: Account, region: str, ahead_seconds: float | None, now: datetime) -> None:
    """Write the clock's health when it is off by more than a minute, and that it is right again; None says nothing."""
    if ahead_seconds is None:
        return
    if abs(ahead_seconds) > TOLERATED_SECONDS:
        AccountHealth.note(account, region, SERVICE, AccessState.PARTIAL, message=_words(ahead_seconds), now=now)
    elif AccountHealth.objects.filter(account=account, region=region, service=SERVICE).troubled().exists():
        AccountHealth.note(account, region, SERVICE, AccessState.FRESH, now=now)


def _words(ahead_seconds: float) -> str:
    which = "behind" if ahead_seconds > 0 else "ahead of"
    return (
        f"The clock of the machine EdgeOps runs on is {abs(ahead_seconds):.0f} s {which} AWS: ages on these pages are "
        "wrong by that much, the newest minutes may be missing, and AWS refuses signed calls beyond five minutes. "
        "Have the machine set its clock by NTP."
    )
