"""The names of AWS's regions, as the installed SDK knows them: no call is made."""

import difflib
from functools import cache

import botocore.session


@cache
def known() -> frozenset[str]:
    """Every region of the standard partition, enabled in an account or not."""
    return frozenset(botocore.session.get_session().get_available_regions("cloudwatch"))


def nearest(name: str) -> str | None:
    """The region somebody may have meant; None when nothing is near."""
    return next(iter(difflib.get_close_matches(name, sorted(known()), n=1)), None)
