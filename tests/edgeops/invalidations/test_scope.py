import pytest

from edgeops.invalidations import items, scope
from edgeops.invalidations.models import Policy

LIMITED = {"ceilings": ["/products/*"], "protected": ["/login*"], "max_items": 2}


def judged(*lines, is_admin=False, **policy):
    return scope.judge(items.parse_many(lines), Policy(**policy), is_admin=is_admin)


@pytest.mark.parametrize(
    "lines", [["/a", "/b"], ["/products/1*"], ["/products/*"], ["#tag"], ["/products/1", "/orders/2"]]
)
def test_what_lies_within_the_policy_is_free(lines):
    assert judged(*lines, **LIMITED) == scope.Scope()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["/*"], "empties the whole cache"),
        (["/orders/*"], "/orders/*: wider than the distribution's policy allows (/products/*)"),
        (["/login/now"], "reaches what the policy protects"),
        (["/lo*"], "reaches what the policy protects"),
        (["/1", "/2", "/3"], "3 items are more than the 2"),
    ],
)
def test_what_reaches_further_is_an_admins_or_needs_a_second_person(lines, words):
    refused, free, asked = (
        judged(*lines, **LIMITED),
        judged(*lines, is_admin=True, **LIMITED),
        judged(*lines, is_admin=True, asks_approval=True, **LIMITED),
    )
    assert words in refused.words
    assert (refused.is_refused, refused.needs_approval) == (True, False)
    assert (free.is_refused, free.needs_approval) == (False, False)
    assert (asked.is_refused, asked.needs_approval) == (False, True)


def test_without_ceilings_any_wildcard_but_everything_is_free():
    assert not judged("/orders/*").is_refused
    assert judged("/*").is_refused
