import json
from datetime import UTC, datetime
from urllib.error import HTTPError

import pytest

from edgeops.localaws import quotas
from edgeops.localaws.quotas import Quotas
from tests.edgeops.localaws.conftest import code_of
from tests.fixtures import localaws

PRODUCTS, CATALOG, ACCOUNT = "E1PRODUCTSDEMO", "E2CATALOGDEMO0", "123456789012"
RATES = ("calls_per_second", "items_per_second", "wildcards_per_second")


@pytest.fixture
def create(served):
    """Create an invalidation over the wire, with a reference of its own each time."""
    references = iter(range(100_000))

    def create(*items, distribution=PRODUCTS, reference=None):
        batch = {"Paths": {"Quantity": len(items), "Items": list(items)}}
        batch["CallerReference"] = reference or f"ref-{next(references)}"
        client = served.client("cloudfront")
        return client.create_invalidation(DistributionId=distribution, InvalidationBatch=batch)["Invalidation"]

    return create


def without_rates(served):
    return served.control("quotas", dict.fromkeys(RATES))


def paths(count):
    return [f"/products/{n}" for n in range(count)]


def test_a_sixteenth_wildcard_waits_until_the_others_have_completed(served, create, clock):
    without_rates(served)
    create(*(f"/{n}/*" for n in range(15)))
    create("/one/path", "#and:a-tag")
    create("/z/*", distribution=CATALOG)

    assert code_of(lambda: create("/z/*")) == ("TooManyInvalidationsInProgress", 400)
    assert served.control("state")["limited"] == {ACCOUNT: {"wildcards_in_progress": 1}}
    clock.pass_seconds(8)
    assert create("/z/*")["Status"] == "InProgress"


def test_three_thousand_paths_and_tags_run_at_once_beside_the_wildcards(served, create):
    without_rates(served)
    create(*paths(2999), "#tag")
    create("/z/*")

    assert code_of(lambda: create("/one-more")) == ("TooManyInvalidationsInProgress", 400)
    assert code_of(lambda: create("#one-more")) == ("TooManyInvalidationsInProgress", 400)
    assert served.control("state")["limited"] == {ACCOUNT: {"paths_in_progress": 2}}


def test_a_quota_of_work_in_progress_can_be_switched_off_and_on_while_it_runs(served, create):
    without_rates(served)
    served.control("quotas", {"wildcards_in_progress": 1})
    create("/a/*")
    assert code_of(lambda: create("/b/*"))[0] == "TooManyInvalidationsInProgress"

    served.control("quotas", {"wildcards_in_progress": None})
    assert create("/b/*", "/c/*")["Id"]

    assert served.control("quotas", method="DELETE")["wildcards_in_progress"] == 15
    assert create(*(f"/{n}/*" for n in range(2)))["Id"]


def test_calls_are_throttled_after_a_burst_until_time_has_passed(served, create, clock):
    for path in paths(6):
        create(path)

    assert code_of(lambda: create("/seventh", distribution=CATALOG)) == ("Throttling", 400)
    clock.pass_seconds(1.9)
    assert code_of(lambda: create("/seventh"))[0] == "Throttling"
    clock.pass_seconds(0.2)
    assert create("/seventh")["Id"]
    assert served.control("state")["limited"] == {ACCOUNT: {"calls_per_second": 2}}


def test_what_the_api_says_of_a_rate_is_the_word_callers_know(served, create):
    served.control("quotas", {"calls_burst": 1})
    create("/a")
    client = served.client("cloudfront")

    with pytest.raises(client.exceptions.ClientError, match="Rate exceeded"):
        create("/b")


def test_a_pace_of_a_hundred_and_fifty_items_a_second_is_never_refused_and_a_faster_one_is(served, create, clock):
    served.control("quotas", {"calls_per_second": 1})
    for second in range(10):
        create(*(f"/{second}{path}" for path in paths(150)))
        clock.pass_seconds(1)
    create(*paths(300))

    assert code_of(lambda: create("/one-more")) == ("Throttling", 400)
    assert served.control("state")["limited"] == {ACCOUNT: {"items_per_second": 1}}


@pytest.mark.parametrize(("items", "seconds"), [(paths(450), 3), ([f"/{n}/*" for n in range(6)], 6)])
def test_large_batches_at_their_pace_are_never_refused_for_a_little_unrest(create, clock, items, seconds):
    for early in (0, 0.3, 0, 0.3, 0, 0.3):
        clock.pass_seconds(seconds - early)
        create(*items)
        clock.pass_seconds(early)


def test_a_batch_above_the_burst_is_taken_when_nothing_was_asked_for_and_owed_afterwards(served, create, clock):
    create(*paths(900))
    clock.pass_seconds(4)
    assert code_of(lambda: create("/a")) == ("Throttling", 400)
    clock.pass_seconds(1)
    assert create("/a")["Id"]


def test_wildcards_have_a_rate_of_their_own_and_refusing_takes_no_token(served, create, clock):
    create("/a/*")
    create("/b/*")
    for _ in range(4):
        assert code_of(lambda: create("/c/*")) == ("Throttling", 400)
    assert create("/not-a-wildcard", "#nor:this*")["Id"]
    clock.pass_seconds(1)
    assert create("/c/*")["Id"]
    assert served.control("state")["limited"] == {ACCOUNT: {"wildcards_per_second": 4}}


def test_a_rate_can_be_switched_off_and_on_while_it_runs(served, create):
    served.control("quotas", {"calls_per_second": None})
    for path in paths(20):
        create(path)

    served.control("quotas", {"calls_per_second": 0.1, "calls_burst": 1})
    create("/a")
    assert code_of(lambda: create("/b"))[0] == "Throttling"
    assert served.control("quotas", method="DELETE") == served.control("state")["quotas"]
    assert create("/b")["Id"]


def test_each_account_has_rates_of_its_own(served, create):
    for path in paths(6):
        create(path)
    client = served.client("cloudfront", **served.assumed())
    batch = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "theirs"}

    assert client.create_invalidation(DistributionId="E7PAYMENTSDEMO", InvalidationBatch=batch)["Invalidation"]
    assert code_of(lambda: create("/a"))[0] == "Throttling"


def test_looking_at_invalidations_has_no_rate(served, create):
    made = create("/a")
    client = served.client("cloudfront")

    assert {client.get_invalidation(DistributionId=PRODUCTS, Id=made["Id"])["Invalidation"]["Id"] for _ in range(30)}


def test_items_are_billed_by_account_month_and_distribution_each_once(served, create, clock):
    clock.now = datetime(2026, 11, 30, 23, 59, 58, tzinfo=UTC).timestamp()
    create("/a", "/b", "/a", "#tag", reference="november")
    create("/x/*", distribution=CATALOG)
    clock.pass_seconds(4)
    create("/a", "/b", "#tag", reference="november")
    create("/c", "/d")

    state = served.control("state")
    assert state["billed"] == {ACCOUNT: {"2026-11": {PRODUCTS: 3, CATALOG: 1}, "2026-12": {PRODUCTS: 2}}}
    assert state["billed_paths"] == 6


def test_what_is_refused_is_not_billed(served, create):
    without_rates(served)
    served.control("quotas", {"paths_in_progress": 1})
    create("/a", reference="taken")
    refused = [
        code_of(lambda: create("/b")),
        code_of(lambda: create("/b", reference="taken")),
        code_of(lambda: create("no slash")),
        code_of(lambda: create("/a", distribution="E0NOBODY")),
    ]

    assert [code for code, _ in refused] == [
        "TooManyInvalidationsInProgress",
        "InvalidationBatchAlreadyExists",
        "InvalidArgument",
        "NoSuchDistribution",
    ]
    assert served.control("state")["billed"] == {ACCOUNT: {"2026-11": {PRODUCTS: 1}}}


def test_quotas_and_the_bill_outlive_a_restart(tmp_path):
    state_file = tmp_path / "localaws.json"
    batch = {"Paths": {"Quantity": 1, "Items": ["/a"]}, "CallerReference": "before"}
    with localaws.running(state_file) as local:
        local.control("quotas", {"wildcards_in_progress": 4, "items_per_second": None})
        local.client("cloudfront").create_invalidation(DistributionId=PRODUCTS, InvalidationBatch=batch)
        before = local.control("state")
    with localaws.running(state_file) as local:
        after = local.control("state")

    assert before["quotas"] == after["quotas"]
    assert (after["quotas"]["wildcards_in_progress"], after["quotas"]["items_per_second"]) == (4, None)
    assert after["billed"] == before["billed"] != {}


def test_invalidations_are_listed_newest_first_without_what_they_are_of(served, create, clock):
    made = []
    for n in range(5):
        made.append(create(f"/{n}")["Id"])
        clock.pass_seconds(3)
    pages = served.client("cloudfront").get_paginator("list_invalidations")
    found = [
        [(one["Id"], one["Status"]) for one in page["InvalidationList"]["Items"]]
        for page in pages.paginate(DistributionId=PRODUCTS, PaginationConfig={"PageSize": 2})
    ]

    assert [len(page) for page in found] == [2, 2, 1]
    assert [one for page in found for one, _ in page] == made[::-1]
    assert [status for page in found for _, status in page] == ["InProgress"] * 2 + ["Completed"] * 3
    listed = served.client("cloudfront").list_invalidations(DistributionId=PRODUCTS, MaxItems="1")["InvalidationList"]
    assert set(listed["Items"][0]) == {"Id", "CreateTime", "Status"}
    assert listed["NextMarker"] == made[-1]


@pytest.mark.parametrize(
    ("items", "quantity", "refusal"),
    [
        (["/a"], 2, ("InconsistentQuantities", 400)),
        (paths(3001), 3001, ("BatchTooLarge", 413)),
        (["/" + "a" * 4000], 1, ("InvalidArgument", 400)),
        (["/~user"], 1, ("InvalidArgument", 400)),
        (["/ä"], 1, ("InvalidArgument", 400)),
        (["#a,b"], 1, ("InvalidArgument", 400)),
    ],
)
def test_an_unmodified_client_is_told_what_is_wrong_with_its_items(served, items, quantity, refusal):
    batch = {"Paths": {"Quantity": quantity, "Items": items}, "CallerReference": "r"}
    client = served.client("cloudfront")

    assert code_of(lambda: client.create_invalidation(DistributionId=PRODUCTS, InvalidationBatch=batch)) == refusal


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"paths": 3}, "known are paths_in_progress"),
        ({"calls_per_second": 0}, "or null to switch it off"),
        ({"calls_per_second": "fast"}, "must be a number"),
        ({"calls_per_second": True}, "must be a number"),
        ({"items_burst": None}, "must be a number"),
        ({"items_burst": 0.5}, "at least 1"),
    ],
)
def test_a_quota_that_cannot_be_is_refused_with_the_reason_and_nothing_changes(served, body, message):
    with pytest.raises(HTTPError) as refused:
        served.control("quotas", body)

    assert refused.value.code == 400
    assert message in json.load(refused.value)["error"]
    assert served.control("state")["quotas"] == served.control("quotas", {})


@pytest.mark.parametrize(
    ("asked", "running", "exceeded"),
    [
        (["/a"], [], None),
        (["/a", "/b", "/c"], [], "paths_in_progress"),
        (["#a"], ["/b", "#c"], "paths_in_progress"),
        (["/a*"], ["/b", "/c"], None),
        (["/a*"], ["/b*"], "wildcards_in_progress"),
        (["/a"], ["/b*"], None),
    ],
)
def test_paths_and_wildcards_are_counted_apart(asked, running, exceeded):
    assert quotas.exceeded(Quotas(paths_in_progress=2, wildcards_in_progress=1), asked, running) == exceeded


def test_switched_off_quotas_have_room_for_anything():
    none = Quotas(paths_in_progress=None, wildcards_in_progress=None)

    assert quotas.exceeded(none, [*paths(9000), *(f"/{n}*" for n in range(99))], []) is None
