import re

import pytest

from edgeops import secrets
from edgeops.access.models import Audit
from edgeops.notifications.models import Channel


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
    with django_assert_max_num_queries(8):
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
    answer = as_ada.post(f"/channels/{hook.pk}/secret/")
    hook.refresh_from_db()
    assert secrets.decrypt(hook.encrypted_secret) in answer.text
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
