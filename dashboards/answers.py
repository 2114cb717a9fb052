"""How CloudWatch answered for a series when it was last asked: a state, and what to know and do in words."""

from collections.abc import Iterable

from edgeops.estate.models import AccessState
from edgeops.metrics import marks
from edgeops.metrics.models import Series

FORBIDDEN = "Forbidden"


def state(series: Iterable[Series]) -> AccessState:
    """The worst of them."""
    words = {one.trouble for one in series}
    if FORBIDDEN in words:
        return AccessState.FORBIDDEN
    return AccessState.PARTIAL if any(words) else AccessState.FRESH


def trouble(series: Series) -> str:
    """What is wrong, since when, what it means and what to do; nothing for a series that answers in full."""
    if not series.trouble or series.trouble_since is None:
        return ""
    what = "has refused to answer" if series.trouble == FORBIDDEN else f"has not answered in full ({series.trouble})"
    return (
        f"CloudWatch {what} since {series.trouble_since:%Y-%m-%d %H:%M} UTC; what was read before stays, newer minutes "
        f"are missing. {marks.advice(series.trouble)}"
    )
