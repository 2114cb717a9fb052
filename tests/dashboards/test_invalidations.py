import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.invalidations import freezing, known, ledger, suspending
from edgeops.invalidations.models import (
    Batch,
    BatchState,
    CostMonth,
    DistributionConfig,
    Policy,
    Probe,
    QuotaProfile,
    Request,
    RequestState,
    Source,
    WarmUp,
)
from edgeops.webhooks import running
from tests.fixtures.webhooks import event, receive

NEW = "/cache/invalidations/new/"


@pytest.fixture
def form(distribution, api):
    def filled(paths="/products/1", **changes):
        values = {"distribution": distribution.pk, "paths": paths, "reason": "price fix", "token": uuid.uuid4().hex}
        return values | changes

    return filled


def previewed(client, values):
    """What the button under the preview sends besides the form."""
    page = client.post(NEW, values).content.decode()
    return re.search(r'name="seen" value="([0-9a-f]{64})"', page)[1]


def send(client, values, **changes):
    """Preview, then press the button."""
    return client.post(NEW, values | {"seen": previewed(client, values)} | changes)


def text(response):
    return re.sub(r"\s+", " ", response.content.decode())


def test_an_operator_asks_and_is_shown_the_chain(client, otto, form):
    client.force_login(otto)
    response = send(client, form("/products/1\r\n/products/*\r\n"))

    asked = Request.objects.get()
    assert response.status_code == 302
    assert response["Location"] == f"/cache/invalidations/{asked.uuid}/"
    assert (asked.requested_by, asked.reason, asked.state) == ("otto", "price fix", RequestState.QUEUED)
    assert sorted(asked.items.values_list("sent_form", flat=True)) == ["/products/*", "/products/1"]
    assert Audit.objects.get().address == "127.0.0.1"


def test_a_double_click_is_one_request(client, otto, form):
    client.force_login(otto)
    values = form()
    pressed = values | {"seen": previewed(client, values)}
    first, second = client.post(NEW, pressed), client.post(NEW, pressed)
    assert first["Location"] == second["Location"]
    assert Request.objects.count() == 1


def test_going_back_and_changing_the_paths_is_another_request(client, otto, form):
    client.force_login(otto)
    values = form()
    send(client, values)
    send(client, values | {"paths": "/products/2"})
    assert Request.objects.count() == 2


def test_nothing_is_sent_before_its_preview_was_seen(client, otto, form):
    client.force_login(otto)
    values = form()
    assert client.post(NEW, values).status_code == 200
    assert client.post(NEW, values | {"seen": "0" * 64}).status_code == 200
    assert not Request.objects.exists()


def test_what_was_changed_after_the_preview_is_previewed_again(client, otto, form):
    client.force_login(otto)
    values = form()
    changed = values | {"seen": previewed(client, values), "paths": "/products/*"}
    page = text(client.post(NEW, changed))
    assert "changed after it was previewed" in page
    assert not Request.objects.exists()
    assert send(client, changed).status_code == 302


def test_the_preview_tells_price_wait_and_reach_and_keeps_what_was_typed(client, otto, form, distribution, now):
    CostMonth.objects.create(account=distribution.account, month=ledger.month_of(timezone.now()), items=999)
    known.learn(distribution, {"/products/1": 7, "/products/2": 5, "/orders/1": 9}, now=timezone.now())
    client.force_login(otto)
    values = form("/products/*\n/products/1\n/a", ticket="SHOP-<1>", priority="bulk", not_before="2030-01-02T03:04")
    page = text(client.post(NEW, values))
    assert "<dt>Items billed</dt><dd>2</dd>" in page
    assert "<dt>Costs</dt><dd>$0.0050</dd>" in page
    assert "999 items billed" in page
    assert "1 of the 1,000 free ones left" in page
    assert "13 more wildcards" in page
    assert "traces show 12 requests to them in the last hour" in page
    assert "browsers, and caches between them and CloudFront" in page
    assert "/products/2" in page
    assert "/orders/1" not in page
    assert 'value="SHOP-&lt;1&gt;"' in page
    assert 'value="2030-01-02T03:04"' in page
    assert '<option value="bulk" selected>' in page


def test_the_preview_tells_when_it_leaves(client, otto, form, distribution, frozen):
    client.force_login(otto)
    later = timezone.now() + timedelta(hours=7, minutes=30, seconds=59)
    assert "<dt>Sent</dt><dd>in about 2 s</dd>" in text(client.post(NEW, form()))
    assert "<dt>Sent</dt><dd>in about 7 h 30 min</dd>" in text(
        client.post(NEW, form(not_before=f"{later:%Y-%m-%dT%H:%M:%S}"))
    )
    frozen("/w/*")
    QuotaProfile.objects.update(inflight_wildcards=2, headroom=1)
    assert "<dt>Sent</dt><dd>once others end</dd>" in text(client.post(NEW, form("/products/*")))
    assert "<dt>Sent</dt><dd>in about 2 s</dd>" in text(client.post(NEW, form("/products/1")))
    Policy.objects.create(distribution=distribution, asks_approval=True, ceilings=["/products/*"])
    assert "<dt>Sent</dt><dd>once approved</dd>" in text(client.post(NEW, form("/orders/*")))


def test_origin_requests_nobody_can_tell_are_not_told_as_none(client, otto, form):
    client.force_login(otto)
    assert "<dt>Origin requests, at least</dt><dd>not known</dd>" in text(client.post(NEW, form("/products/*")))


def test_the_answer_to_the_form_is_where_the_browser_goes(client, otto, form):
    client.force_login(otto)
    assert 'formaction="#result">Preview</button>' in text(client.get(NEW))
    for paths in ("/a", "no-slash"):
        assert 'id="result"' in text(client.post(NEW, form(paths)))
    assert 'id="result"' not in text(client.post(NEW, form(reason="", paths="")))


def test_ticket_priority_and_time_are_kept_with_the_request(client, otto, form):
    client.force_login(otto)
    send(client, form(ticket="SHOP-1", priority="urgent", not_before="2030-01-02T03:04"))
    asked = Request.objects.get()
    assert (asked.ticket, asked.priority) == ("SHOP-1", "urgent")
    assert asked.not_before == datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
    assert asked.state == RequestState.REQUESTED


@pytest.mark.parametrize(
    "changes", [{"priority": "now"}, {"not_before": "soon"}, {"token": "x"}, {"ticket": "x" * 101}]
)
def test_fields_filled_by_hand_are_refused(client, otto, form, changes):
    client.force_login(otto)
    assert client.post(NEW, form(**changes)).status_code == 200
    assert not Request.objects.exists()


def test_a_tag_that_is_not_known_yet_is_refused_and_read_soon(client, otto, form, distribution):
    row = DistributionConfig.objects.create(distribution=distribution, next_at=timezone.now() + timedelta(hours=1))
    client.force_login(otto)
    assert "does not know yet" in text(client.post(NEW, form("#product:7")))
    row.refresh_from_db()
    assert row.next_at <= timezone.now()


def test_what_the_policy_asks_a_second_person_for_is_said_before_the_button(client, otto, form, distribution):
    Policy.objects.create(distribution=distribution, asks_approval=True, ceilings=["/products/*"])
    client.force_login(otto)
    values = form("/orders/*")
    page = text(client.post(NEW, values))
    assert "A second person has to approve it." in page
    assert "wider than the distribution" in page
    assert "Ask for approval</button>" in page
    send(client, values)
    assert Request.objects.get().state == RequestState.AWAITING_APPROVAL


def test_what_a_ceiling_forbids_an_operator_is_refused_in_words(client, otto, form, distribution):
    Policy.objects.create(distribution=distribution, ceilings=["/products/*"])
    client.force_login(otto)
    page = text(client.post(NEW, form("/orders/*")))
    assert "Only an admin may ask for this." in page
    assert 'name="seen"' not in page


def test_a_suspension_is_told_before_the_button(client, otto, form, distribution):
    suspending.suspend(distribution, actor=Actor("user", "ada"), reason="Deploy <now>", now=timezone.now())
    client.force_login(otto)
    assert "Deploy &lt;now&gt;" in text(client.post(NEW, form()))


def test_an_earlier_one_is_copied_into_the_form(client, otto, asked):
    earlier = asked("https://products.example.test/caf\u00e9", reason="a <b>", ticket="SHOP-2", priority="bulk")
    client.force_login(otto)
    page = text(client.get(NEW, {"copy": str(earlier.uuid)}))
    assert "https://products.example.test/caf\u00e9</textarea>" in page
    assert 'value="a &lt;b&gt;"' in page
    assert 'value="SHOP-2"' in page
    assert client.get(NEW, {"copy": "nonsense"}).status_code == 200
    assert client.get(NEW, {"copy": str(uuid.uuid4())}).status_code == 200


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
    page = text(client.post(NEW, form("https://products.example.test/caf\u00e9\n/c/*")))
    assert "/caf%C3%A9" in page
    assert "scheme and host left out; percent-encoded as CloudFront requires" in page
    assert "2 items, 1 wildcard among them" in page
    assert not Request.objects.exists()


def test_a_line_that_a_wildcard_covers_is_shown_as_not_sent(client, otto, form):
    client.force_login(otto)
    page = text(client.post(NEW, form("/c/1\n/c/*\n/d")))
    assert page.count("covers it") == 1
    assert 'not sent, <span class="mono">/c/*</span> covers it' in page


def test_an_operator_cannot_invalidate_everything(client, otto, form):
    client.force_login(otto)
    assert "Only an admin" in text(client.post(NEW, form("/*", confirm="products")))
    assert not Request.objects.exists()


def test_an_admin_types_the_distributions_name_to_invalidate_everything(client, ada, form):
    client.force_login(ada)
    assert "Type the name of the distribution to confirm" in text(client.post(NEW, form("/*")))
    page = text(send(client, form("/*"), confirm="prod"))
    assert "type the distribution&#x27;s name: products" in page
    assert re.search('<input [^>]*name="confirm"[^>]* autofocus', page)
    assert not Request.objects.exists()

    assert send(client, form("/*"), confirm="products").status_code == 302
    assert Request.objects.get().items.get().sent_form == "/*"


def test_ten_thousand_lines_are_refused_in_words(client, otto, form):
    client.force_login(otto)
    page = text(client.post(NEW, form("\n".join(f"/{n}" for n in range(10_000)))))
    assert "10,000 paths are more than the 3,000" in page


def test_of_ten_thousand_lines_that_cannot_be_sent_the_first_are_named(client, otto, form):
    client.force_login(otto)
    page = text(client.post(NEW, form("\n".join(f"no-slash-{n}" for n in range(10_000)))))
    assert "10000 lines" in page
    assert page.count("A path starts with a slash.") == 50
    assert "The first 50 are shown." in page
    assert not Request.objects.exists()


def test_a_paste_larger_than_a_form_may_hold_is_refused_in_words(client, otto, form):
    client.force_login(otto)
    response = client.post(NEW, form("\n".join(f"/{'x' * 200}/{n}" for n in range(10_000))))
    assert response.status_code == 413
    assert "A form may hold 1,024 KiB" in text(response)
    assert not Request.objects.exists()


def test_markup_in_path_reason_and_ticket_is_text_wherever_it_is_shown(client, otto, form):
    script = "<script>alert(1)</script>"
    client.force_login(otto)
    refused = client.post(NEW, form(f"no-slash{script}", reason=script, ticket=script))
    values = form(f"/{script}", reason=script, ticket=script)
    preview, sent = client.post(NEW, values), send(client, values)
    pages = [refused, preview, client.get(sent["Location"]), client.get("/cache/")]
    for page in pages:
        assert "&lt;script&gt;alert(1)" in text(page)
        assert script not in text(page)


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
        (BatchState.FAILED, "It failed: viewers may still be served"),
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


def test_the_page_is_headed_by_what_is_invalidated(client, vera, asked):
    request = asked("/a/<b>", *(f"/products/{number}" for number in range(1_200)))
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert "<title>Queued: /a/%3Cb%3E ·" in page
    assert 'Invalidation of <span class="mono">/a/%3Cb%3E</span> and 1,200 more on products</h1>' in page


def test_what_is_tried_again_says_when(client, vera, frozen, now):
    request = frozen("/a")
    Batch.objects.update(state=BatchState.RETRY_WAIT, next_at=timezone.now() + timedelta(minutes=4, seconds=30))
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert re.search("Trying again to send it</strong> <time .*?>in 4 min<", page)


def test_what_is_in_progress_says_how_long_that_takes_here(client, vera, frozen, now):
    for seconds in (61, 4):
        over = frozen(f"/{seconds}").batch
        sent = now + timedelta(seconds=seconds)
        Batch.objects.filter(pk=over.pk).update(state=BatchState.VERIFIED, submitted_at=now, completed_at=sent)
    request = frozen("/a")
    Batch.objects.filter(pk=request.batch_id).update(state=BatchState.IN_PROGRESS, submitted_at=now)
    client.force_login(vera)
    url = reverse("invalidation", args=[request.uuid])
    assert "The last 2 on this distribution took 4 s to 1 min." in text(client.get(url))
    Batch.objects.exclude(pk=request.batch_id).update(completed_at=None)
    assert "on this distribution took" not in text(client.get(url))


def test_a_queued_wildcard_says_what_it_waits_for(client, vera, frozen, asked, account):
    frozen("/w/*", "/v/*")
    request = asked("/products/*", "/a")
    client.force_login(vera)
    url = reverse("invalidation", args=[request.uuid])
    assert "sent with others asked for just now" in text(client.get(url))
    QuotaProfile.objects.update(inflight_wildcards=3, headroom=1)
    assert "2 wildcards of the account are in progress, all its quotas allow" in text(client.get(url))


@pytest.mark.parametrize("state", [RequestState.REJECTED, RequestState.CANCELLED, RequestState.EXPIRED])
def test_what_never_leaves_promises_no_further_step(client, vera, asked, state):
    request = asked("/a")
    Request.objects.update(state=state)
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert "Verified at the edge" not in page
    assert "Nothing." in page


def test_a_batch_that_failed_unsent_promises_neither_bill_nor_proof(client, otto, frozen):
    request = frozen("/a")
    Batch.objects.update(state=BatchState.FAILED, next_at=None, last_error="AWS says no")
    Request.objects.update(state=RequestState.FAILED)
    client.force_login(otto)
    page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert "1, none known to be billed" in page
    assert "Verified at the edge" not in page
    assert "ask again with “Copy as a new one”" in page


def test_what_stays_stale_says_where_to_look_unless_edgeops_tries_once_more(client, vera, frozen, asked):
    request = frozen("/a")
    Request.objects.update(state=RequestState.VERIFY_FAILED)
    client.force_login(vera)
    url = reverse("invalidation", args=[request.uuid])
    assert "Look for a cache behind CloudFront" in text(client.get(url))
    asked("/a", source=Source.VERIFY_RETRY, cause=("request", request.uuid))
    page = text(client.get(url))
    assert "Look for a cache behind CloudFront" not in page
    assert "EdgeOps asked" in page


def test_what_is_held_leads_to_where_it_is_resumed(client, vera, asked, distribution):
    request = asked("/a")
    Request.objects.update(state=RequestState.HELD, waits_for="Held by ada")
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert f'Held by ada <a href="/cache/distributions/{distribution.pk}/">What holds it' in page


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
    assert f"/cache/webhooks/deliveries/{delivery.pk}/" in page
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


@pytest.fixture
def waiting(asked, distribution):
    """A request of Otto's that waits for a second person."""
    Policy.objects.create(distribution=distribution, asks_approval=True, ceilings=["/products/*"])
    return asked("/orders/*", now=timezone.now())


def test_a_second_person_approves_and_it_goes_on(client, ada, waiting):
    client.force_login(ada)
    url = reverse("invalidation", args=[waiting.uuid])
    page = text(client.get(url))
    assert "wider than the distribution" in page
    assert "otto asked for it: price fix" in page
    assert ">Approve</button>" in page
    page = text(client.post(reverse("invalidation_approve", args=[waiting.uuid]), follow=True))
    assert "Approved: it goes on" in page
    assert "Approved by ada" in page
    waiting.refresh_from_db()
    assert waiting.state == RequestState.QUEUED


def test_whoever_asked_is_not_a_second_person(client, otto, waiting):
    client.force_login(otto)
    page = text(client.get(reverse("invalidation", args=[waiting.uuid])))
    assert "You asked for it yourself" in page
    assert ">Approve</button>" not in page
    page = text(client.post(reverse("invalidation_approve", args=[waiting.uuid]), follow=True))
    assert "A second person decides: you asked for it yourself." in page
    waiting.refresh_from_db()
    assert waiting.state == RequestState.AWAITING_APPROVAL


def test_of_two_tabs_that_approve_the_second_is_told(client, ada, waiting):
    client.force_login(ada)
    url = reverse("invalidation_approve", args=[waiting.uuid])
    client.post(url)
    assert "ada has approved it." in text(client.post(url, follow=True))
    assert Audit.objects.filter(action="invalidation.approved").count() == 1


def test_a_refusal_says_why_and_ends_it(client, ada, waiting):
    client.force_login(ada)
    url = reverse("invalidation_reject", args=[waiting.uuid])
    page = text(client.post(url, {"reason": "not <today>"}, follow=True))
    assert "Rejected by ada: not &lt;today&gt;" in page
    assert "A second person decides" not in page
    assert "no longer waits for approval" in text(client.post(url, follow=True))


@pytest.mark.parametrize("what", ["approve", "reject", "cancel"])
def test_a_viewer_decides_nothing(client, vera, waiting, what):
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[waiting.uuid])))
    assert "An operator or an admin can approve it." in page
    assert client.post(reverse(f"invalidation_{what}", args=[waiting.uuid])).status_code == 403
    waiting.refresh_from_db()
    assert waiting.state == RequestState.AWAITING_APPROVAL


def test_the_page_tells_which_item_went_out_as_what(client, vera, asked, tick, unlimited, now):
    wide = asked("/products/*", "/<b>")
    narrow = asked("/products/7")
    tick(now + timedelta(seconds=11))
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[wide.uuid])))
    assert "/%3Cb%3E" in page
    assert '<td data-label="Went out">as itself</td>' in page
    assert "<dt>Requests in it</dt><dd>2</dd>" in page
    page = text(client.get(reverse("invalidation", args=[narrow.uuid])))
    assert '<td data-label="Went out">covered by /products/*</td>' in page
    assert "it goes with theirs, and ends as theirs does" in page
    assert Batch.objects.get().caller_reference in page


def test_what_was_fetched_again_is_told(client, vera, frozen, now):
    request = frozen("/a")
    client.force_login(vera)
    url = reverse("invalidation", args=[request.uuid])
    assert "Fetched again" not in text(client.get(url))
    WarmUp.objects.create(batch=request.batch, paths=["/a", "/b"], fetched=2, failed=1, last_error="/<b> answered 500")
    assert "2 of the 2 most wanted URLs, 1 without success: /&lt;b&gt; answered 500" in text(client.get(url))


def test_a_request_in_several_batches_shows_them_all_in_few_queries(
    client, vera, frozen, now, django_assert_max_num_queries
):
    request = frozen("/a", "/b", "/c")
    for number, form in enumerate(("/b", "/c"), 2):
        batch = freezing.make(request.distribution, [form], tenant=None, lane="people", priority="normal", now=now)
        request.items.filter(sent_form=form).update(batch=batch, failure="bad" if number == 3 else "")
    client.force_login(vera)
    with django_assert_max_num_queries(13):
        page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert "Batch 3 of 3: Waiting to be sent" in page
    assert '<td data-label="Went out">refused: bad</td>' in page


def test_why_the_only_batch_failed_is_not_repeated_beside_each_of_its_items(client, vera, frozen):
    request = frozen("/a", "/b")
    Batch.objects.update(state="failed", last_error="Not allowed here.", next_at=None)
    request.items.update(failure="Not allowed here.")
    client.force_login(vera)
    page = text(client.get(reverse("invalidation", args=[request.uuid])))
    assert page.count("refused with its batch") == 2
    assert "refused: " not in page


def test_a_viewer_cannot_cancel(client, vera, asked):
    request = asked("/a")
    client.force_login(vera)
    assert client.post(reverse("invalidation_cancel", args=[request.uuid])).status_code == 403
    request.refresh_from_db()
    assert request.state == RequestState.QUEUED


def test_an_unknown_invalidation_is_not_found(client, vera):
    client.force_login(vera)
    assert client.get(f"/cache/invalidations/{uuid.uuid4()}/").status_code == 404
