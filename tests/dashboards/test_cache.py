import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from edgeops.access.models import Audit
from edgeops.estate.models import AccountHealth
from edgeops.invalidations.models import Batch, BatchState, Probe, Request, RequestState
from edgeops.webhooks import running
from tests.fixtures.webhooks import event, receive

NEW = "/cache/invalidations/new/"


@pytest.fixture
def form(distribution, api):
    def filled(paths="/products/1", **changes):
        values = {"distribution": distribution.pk, "paths": paths, "reason": "price fix", "token": uuid.uuid4().hex}
        return values | changes

    return filled


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_an_operator_asks_and_is_shown_the_chain(client, otto, form):
    client.force_login(otto)
    response = client.post(NEW, form("/products/1\r\n/products/*\r\n"))

    asked = Request.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/cache/invalidations/{asked.uuid}/"
    assert (asked.requested_by, asked.reason, asked.state) == ("otto", "price fix", RequestState.QUEUED)
    assert sorted(asked.items.values_list("sent_form", flat=True)) == ["/products/*", "/products/1"]
    assert Audit.objects.get().address == "127.0.0.1"


def test_a_double_click_is_one_request(client, otto, form):
    client.force_login(otto)
    values = form()
    first, second = client.post(NEW, values), client.post(NEW, values)
    assert first["Location"] == second["Location"]
    assert Request.objects.count() == 1


def test_going_back_and_changing_the_paths_is_another_request(client, otto, form):
    client.force_login(otto)
    values = form()
    client.post(NEW, values)
    client.post(NEW, values | {"paths": "/products/2"})
    assert Request.objects.count() == 2


@pytest.mark.parametrize(
    ("paths", "problem", "suggestion"),
    [
        ("a", "starts with a slash", "/a"),
        ("/a/*/b", "last character", "/a/*"),
        ("/100%", "hexadecimal", "/100%25"),
        ("/a#top", "fragment", "/a"),
        ("/a/~x", "wildcard can cover", "/a/*"),
    ],
)
def test_a_bad_path_is_named_with_a_form_that_works_and_the_input_is_kept(
    client, otto, form, paths, problem, suggestion
):  # fmt: skip
    client.force_login(otto)
    response = client.post(NEW, form(f"/good\n{paths}"))

    page = text(response)
    assert problem in page
    assert f'data-label="This works">{suggestion}</td>' in page
    assert f"/good\n{paths}" in response.content.decode()
    assert 'value="price fix"' in page
    assert not Request.objects.exists()


def test_a_reason_is_required(client, otto, form):
    client.force_login(otto)
    assert "This field is required" in text(client.post(NEW, form(reason=" ")))
    assert not Request.objects.exists()


def test_an_unknown_distribution_is_refused(client, otto, form):
    client.force_login(otto)
    assert "not one of the available choices" in text(client.post(NEW, form(distribution="999999")))
    assert not Request.objects.exists()


def test_checking_shows_what_would_be_sent_and_sends_nothing(client, otto, form):
    client.force_login(otto)
    page = text(client.post(NEW, form("https://products.example.test/caf\u00e9\n/c/*", check="1")))
    assert "/caf%C3%A9" in page
    assert "scheme and host left out; percent-encoded as CloudFront requires" in page
    assert "2 paths, 1 wildcard among them" in page
    assert not Request.objects.exists()


def test_an_operator_cannot_invalidate_everything(client, otto, form):
    client.force_login(otto)
    assert "Only an admin" in text(client.post(NEW, form("/*", confirm="products")))
    assert not Request.objects.exists()


def test_an_admin_types_the_distributions_name_to_invalidate_everything(client, ada, form):
    client.force_login(ada)
    assert "type the distribution&#x27;s name: products" in text(client.post(NEW, form("/*", confirm="prod")))
    assert not Request.objects.exists()

    assert client.post(NEW, form("/*", confirm="products")).status_code == 302
    assert Request.objects.get().items.get().sent_form == "/*"


def test_ten_thousand_lines_are_refused_in_words(client, otto, form):
    client.force_login(otto)
    page = text(client.post(NEW, form("\n".join(f"/{n}" for n in range(10_000)))))
    assert "10,000 paths are more than the 3,000" in page


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_form_is_closed_to_viewers_and_strangers(client, vera, form, method):
    assert getattr(client, method)(NEW, form()).status_code == 302
    client.force_login(vera)
    assert getattr(client, method)(NEW, form()).status_code == 403
    assert not Request.objects.exists()


def test_the_form_starts_with_the_distribution_of_the_link(client, otto, distribution):
    client.force_login(otto)
    page = text(client.get(NEW, {"distribution": distribution.pk, "paths": "/products/7"}))
    assert f'<option value="{distribution.pk}" selected>' in page
    assert "/products/7" in page
    assert "cannot be undone" in page
    assert 'name="confirm"' not in page


def test_the_history_shows_state_paths_who_and_why(client, vera, asked, django_assert_max_num_queries):
    for number in range(5):
        asked(f"/products/{number}", reason=f"fix <{number}>")
    client.force_login(vera)
    with django_assert_max_num_queries(14):
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
    assert "/one" in text(client.get("/cache/", {"state": "nonsense"}))


def test_an_empty_history_says_so_and_a_denied_account_is_told(client, vera, account, now):
    AccountHealth.note(account, "us-east-1", "cloudfront", "FORBIDDEN", message="Allow cloudfront:X.", now=now)
    client.force_login(vera)
    page = text(client.get("/cache/"))
    assert "Nothing was invalidated yet" in page
    assert "No webhook has arrived yet" in page
    assert "Allow cloudfront:X." in page


def test_the_page_of_an_invalidation_refreshes_until_it_has_ended(client, vera, asked, tick, cloudfront, settle, now):
    request = asked("/a")
    client.force_login(vera)
    url = reverse("invalidation", args=[request.uuid])
    page = text(client.get(url))
    assert "Waiting to be sent" in page
    assert 'data-refresh-seconds="2"' in page

    cloudfront.is_done = True
    (batch,) = tick(now + timedelta(seconds=2))
    settle(batch, until=now.replace(hour=13))
    page = text(client.get(url, headers={"HX-Request": "true"}))
    assert page.lstrip().startswith('<div id="live"')
    assert "data-refresh-seconds" not in page
    assert "FRA56-P1" in page
    assert "Verified at the edge" in page
    assert "CloudFront calls it I1" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (BatchState.RETRY_WAIT, "Trying again to send it"),
        (BatchState.FAILED, "Nothing was invalidated"),
        (BatchState.CANCELLED, "Not sent: cancelled"),
        (BatchState.STUCK, "No end in sight"),
        (BatchState.VERIFY_FAILED, "Still stale at the edge"),
        (BatchState.COMPLETED, "Not verified"),
    ],
)
def test_every_end_is_said_in_words(client, vera, frozen, state, words):
    request = frozen("/a")
    Batch.objects.update(state=state, next_at=None, last_error="AWS says no", outcome="because")
    Request.objects.update(state=state)
    client.force_login(vera)
    assert words in text(client.get(reverse("invalidation", args=[request.uuid])))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": RequestState.QUEUED}, "sent with others asked for just now"),
        ({"state": RequestState.HELD, "waits_for": "Held by ada"}, "Held by ada"),
        ({"state": RequestState.AWAITING_APPROVAL, "waits_for": "Too wide"}, "second person&#x27;s approval"),
        ({"state": RequestState.REQUESTED}, "Waiting for its time"),
        ({"state": RequestState.EXPIRED, "outcome": "Nobody approved it"}, "Nobody approved it"),
    ],
)
def test_what_comes_before_a_batch_is_said_in_words(client, vera, asked, changes, words):
    request = asked("/a")
    Request.objects.update(**changes)
    client.force_login(vera)
    assert words in text(client.get(reverse("invalidation", args=[request.uuid])))


def test_a_probe_without_an_answer_is_shown_as_dashes(client, vera, frozen, now):
    request = frozen("/a")
    Probe.objects.create(
        batch=request.batch, at=now, url="https://x/a", verdict="unknown", reason="No answer: timed out"
    )
    Batch.objects.update(state=BatchState.COMPLETED, next_at=None)
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert "No answer: timed out" in page
    assert '<td class="number" data-label="Age">–</td>' in page


def test_an_invalidation_by_a_webhook_links_its_delivery(client, vera, endpoint, now):
    body = event(id=7)
    delivery = receive(endpoint, body, at=now).delivery
    (request,) = running.run(delivery.pk, now=now)
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert f"/cache/webhooks/#delivery-{delivery.pk}" in page
    assert "rule product changed" in page


def test_an_operator_cancels_what_has_not_left(client, otto, asked):
    request = asked("/a")
    client.force_login(otto)
    page = text(client.post(reverse("invalidation_cancel", args=[request.uuid]), follow=True))
    assert "nothing was sent to CloudFront" in page
    request.refresh_from_db()
    assert request.state == RequestState.CANCELLED


def test_cancelling_too_late_is_told(client, otto, frozen):
    request = frozen("/a")
    client.force_login(otto)
    page = text(client.post(reverse("invalidation_cancel", args=[request.uuid]), follow=True))
    assert "can no longer be cancelled" in page
    assert ">Cancel</button>" not in page


def test_a_viewer_cannot_cancel(client, vera, asked):
    request = asked("/a")
    client.force_login(vera)
    assert client.post(reverse("invalidation_cancel", args=[request.uuid])).status_code == 403
    request.refresh_from_db()
    assert request.state == RequestState.QUEUED


def test_an_unknown_invalidation_is_not_found(client, vera):
    client.force_login(vera)
    assert client.get(f"/cache/invalidations/{uuid.uuid4()}/").status_code == 404
