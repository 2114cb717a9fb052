import re
from datetime import timedelta

import pytest

from edgeops import secrets
from edgeops.access.models import Audit
from edgeops.notifications import telling
from edgeops.notifications.models import Channel, Delivery, DeliveryAttempt
from edgeops.timeline.models import Failure


@pytest.fixture
def as_ada(client, ada):
    client.force_login(ada)
    return client


def test_viewers_see_how_channels_are_doing_but_not_a_webhooks_path(client, vera, mailbox, hook, now):
    Channel.objects.filter(pk=hook.pk).update(last_failure_at=now, last_failure="HTTP 503", consecutive_failures=4)
    client.force_login(vera)
    page = client.get("/channels/").text
    assert "oncall@example.com" in page
    assert "https://chat.example.com/…" in page
    assert "https://chat.example.com/hook" not in page
    assert "HTTP 503" in page
    assert "Failing" in page
    assert hook.encrypted_secret not in page


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "Not used yet"),
        ({"last_success_at": "2026-11-01T00:00Z"}, "Working"),
        ({"last_success_at": "2026-11-01T00:00Z", "consecutive_failures": 1}, "Failing"),
        ({"consecutive_failures": 1, "is_enabled": False}, "Disabled"),
    ],
)
def test_a_channel_says_how_it_is_doing(client, vera, mailbox, changes, word):
    Channel.objects.filter(pk=mailbox.pk).update(**changes)
    client.force_login(vera)
    assert f">{word}</span>" in client.get("/channels/").text


def test_the_number_of_queries_does_not_grow_with_the_channels(client, vera, mailbox, django_assert_max_num_queries):
    for number in range(10):
        Channel.objects.create(name=f"n{number}", transport="email", address="a@example.com")
    client.force_login(vera)
    with django_assert_max_num_queries(9):
        assert client.get("/channels/").status_code == 200


def test_no_channel_yet_says_what_a_channel_is(client, vera):
    client.force_login(vera)
    assert "Nobody is told of anything yet" in client.get("/channels/").text


@pytest.mark.parametrize("path", ["new/", "{pk}/edit/", "{pk}/secret/"])
def test_an_operator_changes_no_channel(client, otto, hook, path):
    client.force_login(otto)
    before = hook.encrypted_secret
    assert client.post("/channels/" + path.format(pk=hook.pk)).status_code == 403
    hook.refresh_from_db()
    assert hook.encrypted_secret == before


def test_an_admin_creates_a_mail_channel(as_ada):
    answer = as_ada.post(
        "/channels/new/", {"name": "On call", "transport": "email", "address": "a@example.com, b@example.com"}
    )
    assert answer["Location"] == "/channels/"
    assert Channel.objects.get().address == "a@example.com, b@example.com"
    assert Audit.objects.get(action="channel.created").actor == "ada"


def test_a_webhooks_secret_is_shown_once_and_never_again(as_ada):
    answer = as_ada.post(
        "/channels/new/", {"name": "Chat", "transport": "webhook", "address": "https://chat.example.com/"}
    )
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", answer.text)[0]
    channel = Channel.objects.get()
    assert secrets.decrypt(channel.encrypted_secret) == secret
    assert "no-store" in answer["Cache-Control"]
    for path in ("/channels/", f"/channels/{channel.pk}/edit/", "/channels/new/"):
        assert "whsec_" not in as_ada.get(path).text


def test_a_new_secret_replaces_the_old_one(as_ada, hook, mailbox):
    shown = as_ada.get(f"/channels/{hook.pk}/edit/").text
    posted = {"instead_of": re.search(r'name="instead_of" value="(\w+)"', shown)[1]}
    answer = as_ada.post(f"/channels/{hook.pk}/secret/", posted)
    hook.refresh_from_db()
    secret = secrets.decrypt(hook.encrypted_secret)
    assert secret in answer.text
    for again in (posted, {}):
        answer = as_ada.post(f"/channels/{hook.pk}/secret/", again, follow=True)
        assert "The secret was replaced already" in answer.text
        hook.refresh_from_db()
        assert secrets.decrypt(hook.encrypted_secret) == secret
    assert as_ada.get(f"/channels/{hook.pk}/secret/").status_code == 405
    assert as_ada.post(f"/channels/{mailbox.pk}/secret/").status_code == 404


@pytest.mark.parametrize(
    ("transport", "address", "words"),
    [
        ("email", "nobody", "nobody is not a mail address"),
        ("webhook", "http://169.254.169.254/", "is not a public address"),
        ("webhook", "https://user@example.com/", "may not hold a user name"),
        ("webhook", "gopher://example.com/", "must start with https://"),
        ("pigeon", "a@example.com", "Select a valid choice"),
    ],
)
def test_an_address_that_cannot_be_is_refused_in_words_and_kept(as_ada, transport, address, words):
    answer = as_ada.post("/channels/new/", {"name": "New", "transport": transport, "address": address})
    assert answer.status_code == 200
    assert words in answer.text
    assert f'value="{address}"' in answer.text
    assert not Channel.objects.exists()


def test_an_admin_renames_and_switches_off_a_channel(as_ada, mailbox):
    as_ada.post(f"/channels/{mailbox.pk}/edit/", {"name": "Night", "address": "night@example.com"})
    mailbox.refresh_from_db()
    assert (mailbox.name, mailbox.address, mailbox.is_enabled) == ("Night", "night@example.com", False)
    assert "Disabled" in as_ada.get("/channels/").text


def fail(now, *, times=1, title="An invalidation of products failed (AccessDenied)", subject=7):
    for _ in range(times):
        Failure.put(
            "invalidation.failed", subject=("distribution", subject), title=title,
            advice="Allow the IAM action <b>.", path="/cache/invalidations/1/", at=now,
        )  # fmt: skip


def test_a_failure_is_shown_with_what_to_do_who_was_told_and_every_attempt(client, vera, mailbox, now):
    Channel.objects.update(hears_failures_since=now)
    fail(now, times=3)
    (delivery,) = telling.tell(now=now)
    Delivery.objects.update(state="retry", last_error="SMTP 451")
    DeliveryAttempt.objects.create(
        delivery=delivery, started_at=now, duration_seconds=1, outcome="temporary", detail="SMTP 451"
    )
    client.force_login(vera)
    page = client.get("/channels/").text
    assert '<a href="/cache/invalidations/1/">An invalidation of products failed (AccessDenied)</a>' in page
    assert "Allow the IAM action &lt;b&gt;." in page
    assert ", 3 times until" in page
    assert "It happened 3 times so far" in page
    assert re.search(r"temporary after 1.* \(SMTP 451\)</li>", page)
    assert "told of EdgeOps' own failures" in page
    assert "No channel is told of them" not in page


def test_a_failure_that_is_over_or_that_nobody_heard_of_says_so(client, vera, mailbox, now):
    fail(now)
    telling.tell(now=now)
    client.force_login(vera)
    page = client.get("/channels/").text
    assert "No channel wished to be told when it happened" in page
    assert "No channel is told of them" in page
    assert ">Failed</span>" in page

    telling.tell(now=now + timedelta(hours=1))
    assert "Quiet for an hour" in client.get("/channels/").text


def test_a_disabled_channel_hears_nothing_whatever_it_wished(client, vera, mailbox, now):
    Channel.objects.update(hears_failures_since=now, is_enabled=False)
    client.force_login(vera)
    assert "No channel is told of them" in client.get("/channels/").text


def test_the_number_of_queries_does_not_grow_with_failures_and_a_long_one_shows_its_newest_deliveries(
    client, vera, mailbox, now, django_assert_max_num_queries
):
    Channel.objects.update(hears_failures_since=now)
    for number in range(12):
        fail(now, subject=number)
    for hour in range(15):
        fail(now + timedelta(hours=hour), subject=3)
        telling.tell(now=now + timedelta(hours=hour))
    client.force_login(vera)
    with django_assert_max_num_queries(11):
        page = client.get("/channels/").text
    assert page.count("since the last message") == 10
    assert "16 in all" in page
    assert page.count("It happened once so far") == 11


@pytest.mark.parametrize(("posted", "hears"), [({"hears_failures": "on"}, True), ({}, False)])
def test_an_admin_says_whether_a_channel_is_told_of_failures(as_ada, mailbox, posted, hears):
    wish = {"name": "Night", "transport": "email", "address": "night@example.com", **posted}
    as_ada.post("/channels/new/", wish)
    as_ada.post(f"/channels/{mailbox.pk}/edit/", {**wish, "name": "On call", "is_enabled": "on"})
    assert [channel.hears_failures for channel in Channel.objects.all()] == [hears, hears]
    box = re.search(
        r'<input type="checkbox" name="hears_failures"[^>]*>', as_ada.get(f"/channels/{mailbox.pk}/edit/").text
    )
    assert ("checked" in box[0]) == hears
