import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.alarms import rules
from edgeops.alarms.models import AlarmRule, Transition
from edgeops.discovery import adopting
from edgeops.estate import comparing, plain, snapshot
from edgeops.estate.accounts import EstateError
from edgeops.estate.document import EstateDoc
from edgeops.estate.models import Account, Distribution, EdgeApi, Hop
from edgeops.estate.plain import DocumentError
from edgeops.invalidations import asking
from edgeops.invalidations.models import Source
from edgeops.metrics import interests, planning, registry
from edgeops.metrics.models import Datapoint, PollBatch, Series
from edgeops.timeline.models import Event
from tests.edgeops.estate.documents import CLOUDFRONT, EDGE, ESTATE, FUNCTION, GATEWAY, PRODUCTS, SHOP
from tests.edgeops.metrics import rows

ADA = Actor(kind="user", name="ada")
V2 = replace(GATEWAY, dimensions={"ApiName": "products-api", "Stage": "v2"})
WITH_IT = "With it go its 22 series, and the history of its metrics, alarms and traces."
ROLE = "arn:aws:iam::123456789012:role/edgeops"


@pytest.fixture
def adopt(db, now):
    """Adopt a document as Ada."""

    def adopt(doc, at=now, **options):
        return adopting.adopt(doc, actor=ADA, now=at, **options)

    return adopt


@pytest.fixture
def operated(adopt):
    adopt(ESTATE)
    return EdgeApi.objects.get()


def estate(*hops, **changes):
    return replace(ESTATE, apis=(replace(PRODUCTS, hops=hops, **changes),))


def being_read(hop):
    return set(Series.objects.being_read().filter(hop=hop).values_list("metric", "statistic"))


def test_a_whole_estate_is_taken_into_an_empty_edgeops(adopt):
    told = adopt(ESTATE)

    assert [str(one) for one in told] == ["AWS account shop is added.", "API Products API (products) is added."]
    assert snapshot.current() == ESTATE
    assert {hop.kind: bool(being_read(hop)) for hop in Hop.objects.all()} == {
        "cloudfront": True,
        "rest_api": True,
        "lambda": True,
    }
    assert list(Audit.objects.order_by("pk").values_list("actor", "action", "summary")) == [
        ("ada", "account.added", "AWS account shop is added"),
        ("ada", "api.added", "API Products API (products) is added."),
    ]
    assert not Event.objects.exists()


def test_the_same_document_again_changes_nothing_and_writes_nothing(operated, adopt):
    audits, series = Audit.objects.count(), list(Series.objects.values())
    shuffled = estate(FUNCTION, CLOUDFRONT, GATEWAY, distribution=replace(EDGE, aliases=EDGE.aliases[::-1]))

    assert adopt(ESTATE) == adopt(shuffled) == []

    assert (Audit.objects.count(), list(Series.objects.values())) == (audits, series)


def test_what_a_document_leaves_out_stays(operated, adopt):
    assert adopt(EstateDoc()) == []
    assert EdgeApi.objects.exists()
    assert Account.objects.exists()


def test_a_preview_tells_what_adopting_then_does_and_changes_nothing(operated, adopt):
    wanted = replace(estate(CLOUDFRONT, V2), accounts=(replace(SHOP, monthly_budget=Decimal(3)),))

    preview = adopting.preview(wanted)

    assert snapshot.current() == ESTATE
    assert adopt(wanted, compared_with=preview.fingerprint) == preview.differences != []
    assert adopting.preview(wanted).differences == []


def test_a_preview_that_was_overtaken_is_refused_and_changes_nothing(operated, adopt):
    preview = adopting.preview(estate(CLOUDFRONT))
    adopt(estate(CLOUDFRONT, GATEWAY, FUNCTION, name="Renamed meanwhile"))

    with pytest.raises(EstateError, match="Somebody has changed the estate since this was shown"):
        adopt(estate(CLOUDFRONT), compared_with=preview.fingerprint)

    assert operated.hops.on_path().count() == 3


def test_a_changed_path_is_an_event_on_its_api_and_an_audit_row_each(operated, adopt, now):
    adopt(estate(CLOUDFRONT, replace(GATEWAY, position=2)))

    event = Event.objects.get()
    assert (event.kind, event.api_slug, event.at) == ("path.changed", "products", now)
    assert event.title.startswith(
        "Request path changed: API Gateway (REST) products-api on the path of Products API is changed: column 1 → 2."
    )
    told = Audit.objects.filter(action__startswith="hop.").order_by("pk")
    assert list(told.values_list("action", "subject_kind", "subject_id")) == [
        ("hop.changed", "api", "products"),
        ("hop.removed", "api", "products"),
    ]
    assert told[0].detail == {"changes": [["column", "1", "2"]], "notes": []}


def test_a_renamed_api_is_no_event(operated, adopt):
    [told] = adopt(estate(CLOUDFRONT, GATEWAY, FUNCTION, name="Shop"))

    assert str(told) == "API Shop (products) is changed: name Products API → Shop."
    assert not Event.objects.exists()


def test_a_hop_that_leaves_keeps_its_row_and_series_and_is_read_no_more(operated, adopt, now):
    function = Hop.objects.get(kind="lambda")
    count = function.series.count()

    [told] = adopt(estate(CLOUDFRONT, GATEWAY))

    assert str(told) == (
        "Lambda products-handler on the path of Products API is removed. It is not read any more; what was read of it "
        "stays."
    )
    function.refresh_from_db()
    assert (function.retired_at, function.series.count(), being_read(function)) == (now, count, set())
    assert [hop.kind for hop in operated.hops.on_path()] == ["cloudfront", "rest_api"]


def test_what_an_alarm_holds_of_a_hop_that_left_is_still_read_until_the_alarm_goes(operated, adopt, condition, now):
    errors = Series.objects.get(hop__kind="lambda", metric="Errors", statistic="Sum")
    rule = rules.create(api=operated, name="errors", series=errors, condition=condition, actor=ADA, now=now)

    [told] = adopt(estate(CLOUDFRONT, GATEWAY))

    assert told.notes == ("1 of its metrics are still read, because alarms watch them; what was read of it stays.",)
    assert being_read(errors.hop) == {("Errors", "Sum")}
    planned = {pk for batch in planning.plan(now) for pk in batch.series_ids}
    assert planned & set(Series.objects.filter(hop__kind="lambda").values_list("pk", flat=True)) == {errors.pk}

    rules.delete(rule, actor=ADA, now=now)
    assert being_read(errors.hop) == set()


def test_a_hop_that_comes_back_is_the_same_row_and_is_read_as_before(operated, adopt, condition, now):
    function = Hop.objects.get(kind="lambda")
    stopped = function.series.get(metric="Throttles")
    registry.drop(stopped, actor=ADA, now=now)
    held = function.series.get(metric="Errors")
    before = being_read(function)
    rule = rules.create(api=operated, name="errors", series=held, condition=condition, actor=ADA, now=now)
    adopt(estate(CLOUDFRONT, GATEWAY), at=now + timedelta(hours=1))
    rules.disable(rule, actor=ADA, now=now + timedelta(hours=2))

    [told] = adopt(ESTATE, at=now + timedelta(hours=3))

    assert told.notes == ("It was on this path before: what was read of it then is its history again.",)
    assert list(operated.hops.filter(kind="lambda").values_list("pk", "retired_at")) == [(function.pk, None)]
    assert being_read(function) == before


def test_other_dimensions_are_another_row_whose_metrics_are_chosen_alike(operated, adopt, now):
    gateway = Hop.objects.get(kind="rest_api")
    registry.add(gateway, "Latency", "Maximum", actor=ADA, now=now)
    registry.drop(gateway.series.get(metric="IntegrationLatency", statistic="p95"), actor=ADA, now=now)
    before = being_read(gateway)

    [told] = adopt(estate(CLOUDFRONT, V2, FUNCTION), at=now + timedelta(hours=1))

    assert str(told) == (
        "API Gateway (REST) products-api on the path of Products API is changed: dimension Stage prod → v2. Its "
        "metrics are read anew under its new dimensions; what was read under the old ones stays."
    )
    successor = operated.hops.on_path().get(kind="rest_api")
    assert successor.pk != gateway.pk
    assert being_read(successor) == before
    assert {one.dimensions["Stage"] for one in successor.series.all()} == {"v2"}
    assert being_read(gateway) == set()

    adopt(ESTATE, at=now + timedelta(hours=2))
    assert operated.hops.on_path().get(kind="rest_api") == gateway
    assert being_read(gateway) == before


def test_an_alarm_on_old_dimensions_is_named_before_they_change(operated, adopt, condition, now):
    latency = Series.objects.get(hop__kind="rest_api", metric="Latency", statistic="p95")
    rules.create(api=operated, name="slow", series=latency, condition=condition, actor=ADA, now=now)
    wanted = estate(CLOUDFRONT, V2, FUNCTION)

    [told] = adopting.preview(wanted).differences
    adopt(wanted)

    assert told.notes[1] == (
        "1 of the old ones are still read, because alarms watch them: those alarms do not move by themselves."
    )
    assert being_read(latency.hop) == {("Latency", "p95")}


def test_details_and_names_change_in_place(operated, adopt):
    rows = set(operated.hops.values_list("pk", flat=True))
    renamed = replace(GATEWAY, name="renamed", details={"cache": True})

    adopt(estate(CLOUDFRONT, renamed, replace(FUNCTION, aws_id="arn:aws:lambda:eu-west-1:1:function:f")))

    assert set(operated.hops.values_list("pk", flat=True)) == rows
    assert snapshot.api_doc(operated).hops[1] == renamed


def test_two_hops_may_swap_their_names(operated, adopt):
    one = replace(GATEWAY, kind="http_api", name="a", aws_id="", dimensions={"ApiId": "1"})
    two = replace(GATEWAY, kind="http_api", name="b", aws_id="", dimensions={"ApiId": "2"})
    adopt(estate(one, two))
    rows = dict(operated.hops.on_path().values_list("name", "pk"))

    adopt(estate(replace(one, name="b"), replace(two, name="a")))

    assert dict(operated.hops.on_path().values_list("name", "pk")) == {"b": rows["a"], "a": rows["b"]}


def test_additional_metrics_are_read_while_the_distribution_has_them(operated, adopt):
    edge = Hop.objects.get(kind="cloudfront")
    assert ("CacheHitRate", "Average") in being_read(edge)

    adopt(estate(CLOUDFRONT, GATEWAY, FUNCTION, distribution=replace(EDGE, has_additional_metrics=False)))
    assert ("CacheHitRate", "Average") not in being_read(edge)
    assert ("Requests", "Sum") in being_read(edge)

    adopt(ESTATE)
    assert ("CacheHitRate", "Average") in being_read(edge)


def test_an_api_moves_to_another_distribution_and_the_unused_one_goes(operated, adopt):
    other = replace(EDGE, aws_id="E2OTHER", name="other")
    hop = replace(CLOUDFRONT, name="E2OTHER", dimensions={"DistributionId": "E2OTHER", "Region": "Global"})

    adopt(estate(hop, GATEWAY, FUNCTION, distribution=other))

    assert list(Distribution.objects.values_list("aws_id", flat=True)) == ["E2OTHER"]


def test_an_api_that_moves_to_another_account_has_a_path_of_other_resources(operated, adopt):
    payments = replace(SHOP, name="payments", aws_account_id="345678901234")
    moved = replace(PRODUCTS, account="payments")

    adopt(EstateDoc(accounts=(SHOP, payments), apis=(moved,)))

    assert snapshot.api_doc(EdgeApi.objects.get()) == moved
    assert set(operated.hops.on_path().values_list("account__name", flat=True)) == {"payments"}
    assert set(operated.hops.retired().values_list("account__name", flat=True)) == {"shop"}
    assert set(Series.objects.being_read().values_list("account__name", flat=True)) == {"payments"}


def test_what_is_missing_is_removed_on_demand_with_everything_that_was_read(operated, adopt, rule_of, now):
    rule = rule_of(operated)
    rules.disable(rule, actor=ADA, now=now)
    rows.put(Series.objects.first(), now, [1.0])

    told = adopt(EstateDoc(), remove_missing=True)

    assert [str(one) for one in told] == [
        f"API Products API (products) is removed. {WITH_IT}",
        "AWS account shop is removed.",
    ]
    models = (Account, Distribution, EdgeApi, Hop, Series, Datapoint, AlarmRule)
    assert [model.objects.count() for model in models] == [0] * len(models)
    assert Audit.objects.filter(action__in=["api.removed", "account.removed"]).count() == 2


@pytest.fixture
def rule_of(condition, now):
    """An alarm on the errors of an API's function."""

    def make(api):
        errors = Series.objects.get(hop__api=api, hop__kind="lambda", metric="Errors", statistic="Sum")
        return rules.create(api=api, name="errors", series=errors, condition=condition, actor=ADA, now=now)

    return make


def test_an_api_that_an_alarm_watches_is_not_removed(operated, adopt, rule_of):
    rule_of(operated)

    for attempt in (adopting.preview, adopt):
        with pytest.raises(EstateError, match=r"API Products API is watched by 1 alarm\. Disable or delete"):
            attempt(EstateDoc(), remove_missing=True)

    assert EdgeApi.objects.exists()


def test_an_api_goes_with_the_transitions_of_its_deleted_alarms(operated, adopt, rule_of, now, observe_rule):
    rule = rule_of(operated)
    observe_rule(rule)
    assert Transition.objects.exists()
    rules.delete(rule, actor=ADA, now=now)

    adopt(EstateDoc(accounts=(SHOP,)), remove_missing=True)

    assert not Transition.objects.exists()


@pytest.fixture
def observe_rule(now):
    def observe(rule):
        [alarm_series] = rule.alarm_series.all()
        alarm_series.transitions.create(
            seq=1, rule_version=rule.version, from_state="OK", to_state="ALARM", reason_code="x", reason="x",
            datapoints=[], observed_at=now, decided_at=now,
        )  # fmt: skip

    return observe


def test_a_distribution_that_was_invalidated_stays_for_its_history_and_so_does_its_account(operated, adopt, asked_of):
    asked_of(operated.distribution)

    with pytest.raises(EstateError, match="AWS account shop cannot be removed: invalidations"):
        adopt(EstateDoc(), remove_missing=True)
    assert EdgeApi.objects.exists()

    adopt(EstateDoc(accounts=(SHOP,)), remove_missing=True)
    assert Distribution.objects.exists()
    assert not EdgeApi.objects.exists()


@pytest.fixture
def asked_of(now):
    def ask(distribution):
        asking.ask(
            distribution=distribution, items=["/prices/*"], now=now, actor=ADA, source=Source.UI, reason="x",
            idempotency_key="1", may_invalidate_everything=True,
        )  # fmt: skip

    return ask


def test_many_apis_are_not_removed_at_once(adopt):
    apis = tuple(replace(PRODUCTS, slug=f"api-{number}", name=f"API {number}") for number in range(11))
    adopt(EstateDoc(accounts=(SHOP,), apis=apis))

    with pytest.raises(EstateError, match="11 APIs would be removed at once; 10 are the most"):
        adopt(EstateDoc(accounts=(SHOP,)), remove_missing=True)


def test_an_account_that_is_removed_while_an_api_of_the_document_needs_it_is_refused(operated, adopt):
    with pytest.raises(DocumentError, match=r"apis\[0\]\.account: no account is called shop"):
        adopt(replace(ESTATE, accounts=()), remove_missing=True)

    assert adopt(replace(ESTATE, accounts=())) == []


def test_one_role_for_two_accounts_is_refused_before_and_while_it_is_applied(operated, adopt):
    adopt(EstateDoc(accounts=(replace(SHOP, role_arn=ROLE),)))
    twin = EstateDoc(accounts=(replace(SHOP, name="twin", role_arn=ROLE),))

    for attempt in (adopting.preview, adopt):
        with pytest.raises(EstateError, match="of the account twin is used by the account shop already"):
            attempt(twin)


def test_a_name_another_api_has_is_refused_and_one_that_goes_is_not(operated, adopt, now):
    namesake = replace(PRODUCTS, slug="other")

    for attempt in (adopting.preview, adopt):
        with pytest.raises(EstateError, match="An API is called Products API already: products"):
            attempt(EstateDoc(apis=(namesake,)))
    with pytest.raises(EstateError, match="An API is called Products API already"):
        adopting.adopt_api(namesake, actor=ADA, now=now)

    adopt(EstateDoc(accounts=(SHOP,), apis=(namesake,)), remove_missing=True)
    assert [api.slug for api in EdgeApi.objects.all()] == ["other"]


def test_a_role_passes_from_one_account_to_another_in_one_document(adopt):
    adopt(EstateDoc(accounts=(replace(SHOP, role_arn=ROLE),)))

    adopt(EstateDoc(accounts=(replace(SHOP, name="heir", role_arn=ROLE), SHOP)))

    assert dict(Account.objects.values_list("name", "role_arn")) == {"heir": ROLE, "shop": ""}


def test_nothing_is_changed_when_anything_is_refused(operated, adopt):
    bad = replace(PRODUCTS, slug="other", name="Other", account="nobody")

    with pytest.raises(DocumentError, match="no account is called nobody"):
        adopt(replace(estate(CLOUDFRONT), apis=(*estate(CLOUDFRONT).apis, bad)))

    assert snapshot.current() == ESTATE


def test_a_document_made_by_a_program_is_checked_like_any_other(adopt):
    with pytest.raises(DocumentError, match=r"apis\[0\]\.hops\[0\]\.kind: “ec2” is not known"):
        adopt(estate(replace(CLOUDFRONT, kind="ec2")))


def test_one_api_is_adopted_by_itself(operated, now):
    seen = plain.fingerprint(snapshot.api_doc(operated))
    wanted = replace(PRODUCTS, hops=(CLOUDFRONT, GATEWAY))

    api = adopting.adopt_api(wanted, actor=ADA, now=now, compared_with=seen)

    assert (api, snapshot.api_doc(api)) == (operated, wanted)
    with pytest.raises(EstateError, match="Somebody has changed the estate"):
        adopting.adopt_api(PRODUCTS, actor=ADA, now=now, compared_with=seen)


def test_one_api_of_an_account_edgeops_does_not_have_is_refused(db, now):
    with pytest.raises(DocumentError, match="no account is called shop"):
        adopting.adopt_api(PRODUCTS, actor=ADA, now=now)


def test_an_unchanged_estate_is_previewed_in_few_queries(adopt, django_assert_max_num_queries):
    apis = tuple(replace(PRODUCTS, slug=f"api-{number}", name=f"API {number}") for number in range(20))
    wanted = EstateDoc(accounts=(SHOP,), apis=apis)
    adopt(wanted)

    with django_assert_max_num_queries(10):
        assert adopting.preview(wanted).differences == []
    with django_assert_max_num_queries(13):
        assert adopt(wanted) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_adopt_the_same_document_at_once_one_does_it_and_the_other_nothing(now):
    told, failures, gate = [], [], threading.Barrier(2)

    def run():
        try:
            gate.wait()
            told.append(adopting.adopt(ESTATE, actor=ADA, now=now))
        except Exception as error:  # noqa: BLE001 (the thread's end is looked at below)
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(len(one) for one in told) == [0, 2]
    assert Audit.objects.count() == 2


def test_a_series_held_by_nobody_stays_stopped_when_another_holder_lets_go(operated, adopt, now):
    series = Series.objects.filter(hop__kind="lambda").first()
    for holder in ("1", "2"):
        interests.hold(series, holder_kind="alarm", holder_id=holder)
    adopt(estate(CLOUDFRONT, GATEWAY))

    interests.drop_all(holder_kind="alarm", holder_id="1")
    assert being_read(series.hop)
    interests.drop_all(holder_kind="alarm", holder_id="2")
    assert not being_read(series.hop)
    assert not PollBatch.objects.exists()


def test_comparing_after_adopting_finds_nothing(adopt):
    adopt(ESTATE)
    adopt(estate(V2, FUNCTION))

    assert comparing.compare(snapshot.current(), estate(V2, FUNCTION)) == []
