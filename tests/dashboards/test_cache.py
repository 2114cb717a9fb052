import csv
import html
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from dashboards import paging
from edgeops.access.audit import Actor
from edgeops.estate.models import AccountHealth, Distribution
from edgeops.invalidations import ledger, suspending
from edgeops.invalidations.models import CostMonth, Policy, Request, RequestState, Source, Suspension
from tests.fixtures.webhooks import event, receive

CSV = "/cache/invalidations.csv"


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def following(page, words):
    """What a link of the page asks for."""
    return html.unescape(re.search(rf'href="(\?[^"]*)">{words}</a>', page)[1])


def rows(response):
    return list(csv.DictReader(response.getvalue().decode().splitlines()))


def test_the_history_shows_state_paths_who_and_why(client, vera, asked, django_assert_max_num_queries):
    for number in range(5):
        asked(f"/products/{number}", reason=f"fix <{number}>")
    client.force_login(vera)
    with django_assert_max_num_queries(18):
        page = text(client.get("/cache/"))
    assert "fix &lt;4&gt;" in page
    assert "/products/4" in page
    assert "Queued" in page
    assert "New invalidation" not in page


def test_the_history_can_be_narrowed_to_a_state(client, vera, asked):
    asked("/one")
    asked("/two")
    Request.objects.filter(items__sent_form="/two").update(state=RequestState.FAILED)
    client.force_login(vera)
    page = text(client.get("/cache/", {"state": "failed"}))
    assert "/two" in page
    assert "/one" not in page
    everything = text(client.get("/cache/", {"state": "nonsense"}))
    assert "/one" in everything
    assert "There is no state “nonsense”. It narrows nothing." in everything


def test_an_empty_history_says_so_and_a_denied_account_is_told(client, vera, account, now):
    AccountHealth.note(account, "us-east-1", "cloudfront", "FORBIDDEN", message="Allow cloudfront:X.", now=now)
    client.force_login(vera)
    page = text(client.get("/cache/"))
    assert "Nothing was invalidated yet" in page
    assert "No webhook has arrived yet" in page
    assert "Allow cloudfront:X." in page


@pytest.fixture
def three(asked, account, now):
    """Otto's, a webhook's and an old one on another distribution."""
    other = Distribution.objects.create(account=account, aws_id="E2", name="orders", domain="d2.cloudfront.net")
    return (
        asked("/mine", reason="price fix", ticket="SHOP-1"),
        asked("/hooked", actor=Actor("webhook", "shop"), source=Source.WEBHOOK, reason="msg_1", rule="product v2"),
        asked("/old", distribution=other, now=now - timedelta(days=40), reason="long ago"),
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"/mine", "/hooked", "/old"}),
        ({"who": "OTT"}, {"/mine", "/old"}),
        ({"why": "shop-1"}, {"/mine"}),
        ({"why": "product v2"}, {"/hooked"}),
        ({"source": "webhook"}, {"/hooked"}),
        ({"path": "ook"}, {"/hooked"}),
        ({"state": "waiting", "path": "/"}, {"/mine", "/hooked", "/old"}),
        ({"state": "under_way"}, set()),
        ({"since": "2026-11-01"}, {"/mine", "/hooked"}),
        ({"until": "2026-11-01"}, {"/old"}),
        ({"since": "2026-11-22", "until": "2026-11-22", "who": "shop"}, {"/hooked"}),
        ({"since": "yesterday"}, {"/mine", "/hooked", "/old"}),
        ({"distribution": "not one"}, {"/mine", "/hooked", "/old"}),
        ({"before": "nonsense", "after": "2026-11-22T12:00:00~7"}, {"/mine", "/hooked", "/old"}),
    ],
)
def test_the_history_and_its_file_are_narrowed_alike(client, vera, three, query, found):
    client.force_login(vera)
    page = text(client.get("/cache/", query))
    assert {path for path in ("/mine", "/hooked", "/old") if f">{path}</a>" in page} == found
    assert {row["paths"] for row in rows(client.get(CSV, query))} == found


def test_the_history_is_narrowed_to_a_distribution(client, vera, three):
    client.force_login(vera)
    page = text(client.get("/cache/", {"distribution": three[2].distribution_id}))
    assert ">/old</a>" in page
    assert ">/mine</a>" not in page


def test_what_cannot_be_read_is_told_and_escaped(client, vera, three):
    client.force_login(vera)
    page = text(client.get("/cache/", {"since": "<b>", "who": '"><script>'}))
    assert "“&lt;b&gt;” is no day" in page
    assert "<script>" not in page.replace('<script src="', "")


def test_the_history_has_pages_that_keep_what_narrows_it(client, vera, asked, django_assert_max_num_queries):
    for number in range(53):
        asked(f"/products/{number}", "/a", "/b", "/c", reason="price fix")
    client.force_login(vera)
    with django_assert_max_num_queries(18):
        page = text(client.get("/cache/", {"why": "price"}))
    assert "4 in all" in page
    older = client.get("/cache/" + following(page, "Older"))
    assert text(older).count("4 in all") == 3
    assert 'href="?why=price">Newest</a>' in text(older)
    assert ">Older<" not in text(older)
    assert text(client.get("/cache/" + following(text(older), "Newer"))).count("4 in all") == 50


def test_what_is_looked_for_is_looked_for_page_by_page(client, vera, asked, now, monkeypatch):
    for number in range(6):
        asked(f"/products/{number}", now=now + timedelta(minutes=number))
    monkeypatch.setattr(paging, "LOOKED_THROUGH", 4)
    client.force_login(vera)
    page = text(client.get("/cache/", {"path": "DUCTS/1"}))
    assert "No invalidation fits so far" in page
    assert "looked for in 4 invalidations, as far as <time" in page
    page = text(client.get("/cache/" + following(page, "Older")))
    assert ">/products/1</a>" in page
    assert "looked for in" not in page


def test_a_cell_of_the_file_is_never_a_formula(client, vera, asked):
    asked("/a", reason="=HYPERLINK(1)", ticket="@x")
    Request.objects.update(outcome="-1+1")
    client.force_login(vera)
    response = client.get(CSV)
    (row,) = rows(response)
    assert (row["reason"], row["ticket"], row["outcome"]) == ("'=HYPERLINK(1)", "'@x", "'-1+1")
    assert response["Content-Disposition"] == 'attachment; filename="edgeops-invalidations.csv"'


def test_the_file_names_the_batch_and_shortens_long_lists(client, vera, frozen, advance, now):
    request = frozen(*(f"/{number:02}" for number in range(25)))
    advance(request.batch, now)
    client.force_login(vera)
    (row,) = rows(client.get(CSV))
    assert row["cloudfront_id"] == "I1"
    assert row["billed"] == "25"
    assert row["submitted_at"] == "2026-11-22T12:00:00Z"
    assert row["paths"].endswith("/19 and 5 more")


def test_what_is_under_way_and_what_the_month_cost_stand_above(client, vera, asked, frozen, account):
    frozen("/a", "/b*")
    asked("/waits")
    CostMonth.objects.create(account=account, month=ledger.month_of(timezone.now()), items=1_200)
    client.force_login(vera)
    page = text(client.get("/cache/"))
    assert '<dt>Not sent yet</dt><dd><a href="?state=waiting">1</a></dd>' in page
    assert '<dt>Under way</dt><dd><a href="?state=under_way">1</a></dd>' in page
    assert '<td class="number" data-label="Dollars">$1.00</td>' in page
    assert '<td class="number" data-label="Free ones left">0</td>' in page
    assert '<td class="number" data-label="Wildcards in progress">1</td>' in page
    assert '<td class="number" data-label="Wildcards left">no bound</td>' in page


def test_what_waits_for_a_second_person_is_counted_apart_while_there_is_any(client, vera, asked, distribution):
    asked("/a")
    client.force_login(vera)
    assert "Waiting for approval</dt>" not in text(client.get("/cache/"))
    Policy.objects.create(distribution=distribution, asks_approval=True, ceilings=["/products/*"])
    asked("/orders/*")
    page = text(client.get("/cache/"))
    assert '<dt>Waiting for approval</dt><dd><a href="?state=awaiting_approval">1</a></dd>' in page
    assert "/orders/*" in text(client.get("/cache/", {"state": "awaiting_approval"}))


def test_a_suspension_is_told_above_the_history(client, vera, distribution):
    suspending.suspend(distribution, actor=Actor("user", "ada"), reason="Deploy <now>", now=timezone.now())
    client.force_login(vera)
    page = text(client.get("/cache/"))
    assert f'<a href="/cache/distributions/{distribution.pk}/">products</a> are held.</strong>' in page
    assert "by ada: Deploy &lt;now&gt;" in page
    Suspension.objects.update(lane="webhook shop")
    assert "products</a> by one source are held.</strong>" in text(client.get("/cache/"))


def test_the_fields_that_narrow_are_folded_until_they_narrow(client, vera, asked):
    asked("/a")
    client.force_login(vera)
    assert '<details id="narrow" hx-morph-skip>' in text(client.get("/cache/"))
    assert '<details id="narrow" open hx-morph-skip>' in text(client.get("/cache/", {"why": "price"}))


def test_a_delivery_is_reached_from_the_cache_page(client, vera, endpoint, now):
    delivery = receive(endpoint, event(id=7), at=now).delivery
    client.force_login(vera)
    assert f'href="/cache/webhooks/deliveries/{delivery.pk}/"' in text(client.get("/cache/"))


def test_what_completed_unproven_says_so_in_the_history(client, vera, asked):
    asked("/a")
    Request.objects.update(state=RequestState.COMPLETED)
    client.force_login(vera)
    assert "Completed, unverified</span>" in text(client.get("/cache/"))
