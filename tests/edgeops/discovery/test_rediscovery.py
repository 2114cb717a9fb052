from dataclasses import replace
from datetime import timedelta

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.aws.apigateway import Behind, RestApi, RestStage
from edgeops.aws.errors import DeniedError, NotFoundError
from edgeops.discovery import adopting, keeping, rediscovery, running
from edgeops.discovery.models import Discovery, DiscoveryKind, Resolution
from edgeops.discovery.rediscovery import RediscoveryError
from edgeops.estate import snapshot
from edgeops.estate.accounts import EstateError
from edgeops.estate.fetches import FetchState
from edgeops.estate.models import EdgeApi
from edgeops.timeline.models import Event
from tests.edgeops.discovery.fake_aws import Aws

ADA = Actor(kind="user", name="ada")
HOME = "eu-west-1"
HOST = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:products-handler"
HOURS = timedelta(hours=6)


@pytest.fixture
def shown(fake_aws, monkeypatch):
    """AWS as it shows the path of the small estate, and the worker that reads it."""
    monkeypatch.setattr(running, "Gateways", lambda meter_of, access: fake_aws)
    gateway = fake_aws.rest_apis(HOME)
    gateway.held = [RestApi("a1b2c3d4e5", "products-api", "REGIONAL")]
    stage = RestStage("prod", None, has_method_metrics=False, is_traced=False, web_acl="")
    gateway.of_stage["a1b2c3d4e5"] = [stage]
    gateway.reached["a1b2c3d4e5"] = Behind((FUNCTION,), ())
    setup = fake_aws.distribution(HOST, aws_id="E1PRODUCTSDEMO", aliases=("products.example.test",))
    told = replace(setup, domain="d1products00demo.cloudfront.net")
    fake_aws.distributions.setups["E1PRODUCTSDEMO"] = told
    return fake_aws


@pytest.fixture
def known(api, shown, now):
    """The small estate as a first look has completed it."""
    rediscovery.apply(look(api, now - timedelta(days=1)), actor=ADA, now=now - timedelta(days=1))
    Event.objects.all().delete()
    Audit.objects.all().delete()
    Discovery.objects.all().delete()
    return EdgeApi.objects.get()


def look(api, at):
    """A look at the path, planned and worked at a time."""
    asked = Discovery.objects.create(
        account=api.account,
        kind=DiscoveryKind.PATH,
        subject=api.distribution.aws_id,
        api=api,
        requested_by="edgeops",
        requested_at=at,
        next_at=at,
        slot_at=at,
    )
    running.run(asked.pk, now=at)
    asked.refresh_from_db()
    return asked


def change(aws: Aws):
    aws.rest_apis(HOME).reached["a1b2c3d4e5"] = Behind((f"{FUNCTION}-v2",), ())


def test_a_path_that_is_as_operated_is_looked_at_and_nothing_is_told(known, now):
    found = look(known, now)
    assert (found.state, found.differences, found.problems) == (FetchState.DONE, [], [])
    known.refresh_from_db()
    assert known.path_checked_at == now
    assert not Event.objects.exists()


def test_a_changed_path_is_told_in_words_and_not_applied(known, shown, now):
    before = snapshot.api_doc(known)
    change(shown)
    found = look(known, now)
    assert found.differences == [
        "Lambda products-handler-v2 on the path of Products API is added.",
        "Lambda products-handler on the path of Products API is removed.",
    ]
    assert found.resolution == Resolution.OPEN
    assert snapshot.api_doc(EdgeApi.objects.get()) == before
    event = Event.objects.get()
    assert (event.kind, event.api_slug, event.at) == ("path.found_changed", "products", now)
    assert "products-handler-v2" in event.title
    assert "nothing was changed" in event.title


def test_the_same_change_is_one_event_however_often_it_is_seen_and_the_newest_look_stands(known, shown, now):
    change(shown)
    first, second = look(known, now), look(known, now + HOURS)
    first.refresh_from_db()
    assert Event.objects.count() == 1
    assert list(Discovery.objects.undecided()) == [second]
    assert first.resolution == Resolution.SUPERSEDED


def test_another_change_is_another_event(known, shown, now):
    change(shown)
    look(known, now)
    shown.distribution("elsewhere.test", aws_id="E1PRODUCTSDEMO")
    look(known, now + HOURS)
    assert Event.objects.count() == 2


def test_a_change_that_is_gone_again_leaves_nothing_to_decide(known, shown, now):
    change(shown)
    look(known, now)
    shown.rest_apis(HOME).reached["a1b2c3d4e5"] = Behind((FUNCTION,), ())
    look(known, now + HOURS)
    assert not Discovery.objects.undecided().exists()


def test_what_is_denied_is_a_problem_and_never_a_hop_that_is_gone(known, shown, now):
    denied = DeniedError("apigateway:GET", "AccessDeniedException", "no")
    shown.fail(HOME, "rest_apis", "apis", denied)
    found = look(known, now)
    assert (found.state, found.differences) == (FetchState.DONE, [])
    assert [one["action"] for one in found.problems] == ["apigateway:GET"]
    assert not Event.objects.exists()


def test_details_that_are_denied_are_not_forgotten(known, shown, now):
    shown.fail(HOME, "functions", "function", DeniedError("lambda:GetFunctionConfiguration", "AccessDenied", "no"))
    assert look(known, now).differences == []


def test_applying_makes_the_found_path_the_operated_one(known, shown, now):
    change(shown)
    found = look(known, now)
    rediscovery.apply(found, actor=ADA, now=now)

    found.refresh_from_db()
    assert (found.resolution, found.resolved_by, found.resolved_at) == (Resolution.APPLIED, "ada", now)
    operated = snapshot.api_doc(EdgeApi.objects.get())
    assert [hop.name for hop in operated.hops if hop.kind == "lambda"] == ["products-handler-v2"]
    assert Audit.objects.filter(actor="ada", subject_id=known.slug).exists()
    assert look(known, now + HOURS).differences == []


def test_a_change_that_was_applied_once_is_told_again_when_it_happens_again(known, shown, now):
    change(shown)
    rediscovery.apply(look(known, now), actor=ADA, now=now)
    shown.rest_apis(HOME).reached["a1b2c3d4e5"] = Behind((FUNCTION,), ())
    rediscovery.apply(look(known, now + HOURS), actor=ADA, now=now + HOURS)
    change(shown)
    look(known, now + 2 * HOURS)
    assert Event.objects.filter(kind="path.found_changed").count() == 3


def test_a_dismissed_change_is_not_raised_again_while_it_is_the_same(known, shown, now):
    change(shown)
    found = look(known, now)
    rediscovery.dismiss(found, actor=ADA, now=now)
    again = look(known, now + HOURS)
    third = look(known, now + 2 * HOURS)
    for one in (again, third):
        assert (one.resolution, one.resolved_by, one.resolved_at) == (Resolution.DISMISSED, "ada", now)
    assert not Discovery.objects.undecided().exists()
    assert Event.objects.count() == 1
    audit = Audit.objects.get()
    assert (audit.action, audit.actor) == ("path.dismissed", "ada")
    assert "products-handler-v2" in audit.summary

    shown.distribution("elsewhere.test", aws_id="E1PRODUCTSDEMO")
    assert look(known, now + 3 * HOURS).resolution == Resolution.OPEN
    assert Event.objects.count() == 2


def test_nothing_is_decided_twice(known, shown, now):
    change(shown)
    found = look(known, now)
    rediscovery.dismiss(found, actor=ADA, now=now)
    with pytest.raises(RediscoveryError, match="decided on this already"):
        rediscovery.apply(found, actor=ADA, now=now)
    with pytest.raises(RediscoveryError):
        rediscovery.dismiss(found, actor=ADA, now=now)
    assert Audit.objects.count() == 1


def test_a_look_that_a_newer_one_covers_is_not_applied(known, shown, now):
    change(shown)
    old = look(known, now)
    shown.distribution("elsewhere.test", aws_id="E1PRODUCTSDEMO")
    look(known, now + HOURS)
    with pytest.raises(RediscoveryError, match="newer look"):
        rediscovery.apply(old, actor=ADA, now=now + HOURS)


def test_a_look_without_a_difference_has_nothing_to_apply(known, now):
    with pytest.raises(RediscoveryError):
        rediscovery.apply(look(known, now), actor=ADA, now=now)


def test_a_look_is_refused_once_the_estate_has_moved_on(known, shown, now):
    change(shown)
    found = look(known, now)
    doc = snapshot.api_doc(known)
    adopting.adopt_api(replace(doc, hops=doc.hops[:-1]), actor=Actor(kind="user", name="bob"), now=now)
    with pytest.raises(EstateError, match="nothing was changed"):
        rediscovery.apply(found, actor=ADA, now=now)
    found.refresh_from_db()
    assert found.resolution == Resolution.OPEN
    assert "products-handler-v2" not in [hop.name for hop in snapshot.api_doc(EdgeApi.objects.get()).hops]


def test_an_api_that_was_given_another_distribution_meanwhile_is_not_compared(known, shown, now):
    change(shown)
    asked = Discovery.objects.create(
        account=known.account,
        kind=DiscoveryKind.PATH,
        subject="E1PRODUCTSDEMO",
        api=known,
        requested_at=now,
        next_at=now,
    )
    type(known.distribution).objects.update(aws_id="E9OTHER")
    assert running.run(asked.pk, now=now)
    asked.refresh_from_db()
    assert (asked.state, asked.differences) == (FetchState.DONE, [])


def test_a_distribution_that_is_gone_is_told_once_and_its_api_stays(known, shown, now):
    shown.fail(
        "global", "distributions", "setup", NotFoundError("cloudfront:GetDistribution", "NoSuchDistribution", "no")
    )
    for turn in range(3):
        assert look(known, now + turn * HOURS).state == FetchState.FAILED
    event = Event.objects.get()
    assert (event.kind, event.api_slug) == ("path.lost", "products")
    assert "cloudfront:GetDistribution failed (NoSuchDistribution)" in event.title
    assert EdgeApi.objects.get().hops.exists()


def test_an_api_that_is_removed_while_it_is_looked_at_takes_the_look_with_it(known, shown, now, monkeypatch):
    asked = Discovery.objects.create(
        account=known.account,
        kind=DiscoveryKind.PATH,
        subject="E1PRODUCTSDEMO",
        api=known,
        requested_at=now,
        next_at=now,
    )
    setup = shown.distributions.setups["E1PRODUCTSDEMO"]
    monkeypatch.setattr(shown.distributions, "setup", lambda aws_id: known.delete() and setup)
    assert not running.run(asked.pk, now=now)
    assert not Discovery.objects.exists()


def test_each_api_has_one_turn_in_six_hours(api, now):
    turn = rediscovery.turn_of(api.pk, now)
    assert turn <= now < turn + HOURS
    first = rediscovery.plan(turn)
    assert [(one.api_id, one.subject, one.slot_at) for one in first] == [(api.pk, "E1PRODUCTSDEMO", turn)]
    assert rediscovery.plan(turn + timedelta(minutes=5)) == first  # still waiting, still the one row
    Discovery.objects.all().delete()
    assert rediscovery.plan(turn + timedelta(hours=1)) == []  # too late for this turn
    (again,) = rediscovery.plan(turn + HOURS)
    assert again.slot_at == turn + HOURS


def test_turns_are_spread_over_the_six_hours(now):
    turns = sorted(rediscovery.turn_of(pk, now) for pk in range(1, 1001))
    in_half_an_hour = [sum(1 for one in turns if start <= one < start + timedelta(minutes=30)) for start in turns]
    assert max(in_half_an_hour) < 100
    assert len(set(turns)) == 1000


def test_old_questions_are_forgotten_but_not_what_is_open_waiting_or_remembered(known, shown, now):
    old = now - timedelta(days=8)
    listing = running.ask(known.account, DiscoveryKind.DISTRIBUTIONS, "", requested_by="ada", now=old)
    Discovery.objects.filter(pk=listing.pk).update(next_at=None, state=FetchState.DONE)
    waiting = running.ask(known.account, DiscoveryKind.ACCESS, "", requested_by="ada", now=old)
    unchanged = look(known, old - HOURS)
    change(shown)
    dismissed = look(known, old)
    rediscovery.dismiss(dismissed, actor=ADA, now=old)

    keeping.tidy(now)
    assert set(Discovery.objects.all()) == {waiting, dismissed}
    assert unchanged not in Discovery.objects.all()

    keeping.tidy(now + timedelta(days=30))
    assert look(known, now).resolution == Resolution.DISMISSED


def test_an_open_change_is_kept_until_somebody_decides(known, shown, now):
    change(shown)
    found = look(known, now - timedelta(days=30))
    keeping.tidy(now)
    assert list(Discovery.objects.all()) == [found]
