import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import asking, policies
from edgeops.invalidations.models import Policy, QuotaProfile
from edgeops.invalidations.policies import PolicyError

ADA = Actor("user", "ada")


def test_a_policy_is_stored_in_the_form_items_are_compared_in_and_audited_with_old_and_new(distribution, now):
    wish = {"ceilings": ["/caf\u00e9/*", " ", "/a*"], "protected": ["/login"], "asks_approval": True}
    policies.set_policy(distribution, wish, actor=ADA, now=now)
    policies.set_policy(distribution, wish, actor=ADA, now=now)

    stored = Policy.objects.get()
    assert (stored.ceilings, stored.protected, stored.quiet_seconds) == (["/a*", "/caf%C3%A9/*"], ["/login"], 2)
    row = Audit.objects.get()
    assert row.detail["asks_approval"] == [False, True]
    assert set(row.detail) == {"ceilings", "protected", "asks_approval"}


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"ceilings": ["/a"]}, "no wildcard"),
        ({"ceilings": ["/a/*/b"]}, "last character"),
        ({"protected": ["#tag"]}, "no pattern of paths"),
        ({"double_tap_seconds": 5}, "double_tap_seconds"),
        ({"double_tap_seconds": 61}, "double_tap_seconds"),
        ({"collapse_threshold": 1}, "collapse_threshold"),
        ({"probes": 21}, "probes"),
        ({"nonsense": 1}, "no nonsense"),
        ({"distribution": None}, "no distribution"),
    ],
)
def test_a_policy_that_cannot_be_changes_nothing(distribution, now, wish, words):
    with pytest.raises(PolicyError, match=words):
        policies.set_policy(distribution, wish, actor=ADA, now=now)
    assert not Policy.objects.exists()
    assert not Audit.objects.exists()


def test_a_bound_can_be_switched_off_without_giving_tokens_back(account, now):
    QuotaProfile.objects.create(account=account, calls_free_at=now)
    policies.set_quota(account, {"items_per_second": None, "headroom": 0}, actor=ADA, now=now)
    stored = QuotaProfile.objects.get()
    assert (stored.items_per_second, stored.headroom, stored.calls_free_at) == (None, 0, now)
    assert Audit.objects.get().detail == {"items_per_second": [150.0, None], "headroom": [2, 0]}
    with pytest.raises(PolicyError, match="no calls_free_at"):
        policies.set_quota(account, {"calls_free_at": None}, actor=ADA, now=now)
    with pytest.raises(PolicyError, match="calls_per_second"):
        policies.set_quota(account, {"calls_per_second": 0}, actor=ADA, now=now)


def test_a_wildcard_above_the_ceiling_is_refused_to_operators(asked, distribution, now):
    policies.set_policy(distribution, {"ceilings": ["/products/*"]}, actor=ADA, now=now)
    with pytest.raises(asking.ScopeRefusedError, match=r"/orders/\*: wider"):
        asked("/orders/*", may_invalidate_everything=False)
    assert asked("/orders/*", may_invalidate_everything=True)
    assert asked("/products/7/*", may_invalidate_everything=False)
