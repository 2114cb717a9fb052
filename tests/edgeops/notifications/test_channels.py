from datetime import timedelta

import pytest

from edgeops import secrets
from edgeops.access.models import Audit
from edgeops.notifications import channels, routing
from edgeops.notifications.channels import AlreadyRenewedError, InvalidChannelError
from edgeops.notifications.models import Channel, Route


def test_a_webhooks_secret_is_returned_once_and_stored_encrypted(db, actor, now):
    channel, secret = channels.create(
        name="Chat", transport="webhook", address="https://chat.example.com/T0/secret-path", actor=actor, now=now
    )
    assert secret.startswith("whsec_")
    assert secret not in channel.encrypted_secret
    assert secrets.decrypt(channel.encrypted_secret) == secret

    audit = Audit.objects.get(action="channel.created")
    assert audit.summary == "Chat: Signed webhook to chat.example.com"
    assert secret not in str(audit.detail)


def test_a_mail_channel_has_no_secret(db, actor, now):
    channel, secret = channels.create(
        name="Mail", transport="email", address="a@example.com, b@example.com", actor=actor, now=now
    )
    assert (secret, channel.encrypted_secret) == ("", "")


@pytest.mark.parametrize(
    ("name", "transport", "address", "field"),
    [
        ("", "email", "a@example.com", "name"),
        ("x" * 101, "email", "a@example.com", "name"),
        ("New", "pigeon", "a@example.com", "transport"),
        ("New", "email", "", "address"),
        ("New", "email", "a@example.com, nobody", "address"),
        ("New", "email", "a@example.com\r\nBcc: b@example.com", "address"),
        ("New", "email", f"a@{'ü' * 60}.example", "address"),
        ("New", "webhook", "ftp://example.com/", "address"),
        ("New", "webhook", "http://169.254.169.254/latest", "address"),
        ("New", "webhook", "https://user:pass@example.com/", "address"),
        ("New", "webhook", "https://example.com/" + "x" * 500, "address"),
    ],
)
def test_a_channel_that_cannot_be_is_refused_by_its_field(actor, now, db, name, transport, address, field):
    with pytest.raises(InvalidChannelError) as refusal:
        channels.create(name=name, transport=transport, address=address, actor=actor, now=now)
    assert list(refusal.value.problems) == [field]
    assert not Channel.objects.exists()


def test_a_name_in_use_is_refused(mailbox, hook, actor, now):
    with pytest.raises(InvalidChannelError, match="exists already"):
        channels.edit(
            hook, name="On call", address=hook.address, is_enabled=True, hears_failures=False, actor=actor, now=now
        )


def test_an_edit_keeps_the_secret_and_a_renewal_replaces_it(hook, actor, now):
    before = hook.encrypted_secret
    channels.edit(
        hook,
        name="Chat",
        address="https://other.example.com/",
        is_enabled=True,
        hears_failures=False,
        actor=actor,
        now=now,
    )
    hook.refresh_from_db()
    assert hook.encrypted_secret == before

    name, stale = channels.secret_name(hook), Channel.objects.get(pk=hook.pk)
    secret = channels.renew_secret(hook, instead_of=name, actor=actor, now=now)
    with pytest.raises(AlreadyRenewedError):
        channels.renew_secret(hook, instead_of=name, actor=actor, now=now)
    with pytest.raises(AlreadyRenewedError):  # another process was faster
        channels.renew_secret(stale, instead_of=name, actor=actor, now=now)
    hook.refresh_from_db()
    assert secrets.decrypt(hook.encrypted_secret) == secret
    assert Audit.objects.filter(action="channel.secret_renewed").count() == 1


def test_routes_become_exactly_what_was_set_and_are_audited_when_they_change(routed, mailbox, hook, actor, now):
    routing.set_channels(routed, [hook], actor=actor, now=now)
    routing.set_channels(routed, [hook], actor=actor, now=now)
    assert [route.channel for route in Route.objects.filter(rule=routed)] == [hook]
    summaries = Audit.objects.filter(action="alarm.routed").order_by("pk").values_list("summary", flat=True)
    assert list(summaries) == ["Slow handler is told to On call", "Slow handler is told to Chat"]


def test_the_same_form_sent_twice_at_once_is_a_clear_refusal(mailbox, actor, now, monkeypatch):
    # Both looked before either wrote.
    monkeypatch.setattr(channels, "problems_of", lambda **_: {})
    with pytest.raises(InvalidChannelError, match="exists already"):
        channels.create(name=mailbox.name, transport="email", address="a@example.com", actor=actor, now=now)

    assert Channel.objects.count() == 1


def test_the_wish_to_hear_of_failures_counts_from_when_it_was_made_and_is_audited(db, actor, now):
    channel, _ = channels.create(
        name="Mail", transport="email", address="a@example.com", hears_failures=True, actor=actor, now=now
    )
    assert channel.hears_failures_since == now
    assert Audit.objects.get(action="channel.created").detail["hears_failures"]

    def edit(at, *, hears):
        channels.edit(
            channel, name="Mail", address="a@example.com", is_enabled=True, hears_failures=hears, actor=actor, now=at
        )
        channel.refresh_from_db()
        return channel.hears_failures_since

    later = now + timedelta(hours=1)
    assert edit(later, hears=True) == now
    assert edit(later, hears=False) is None
    assert edit(later, hears=True) == later
    wishes = [row.detail["hears_failures"] for row in Audit.objects.filter(action="channel.edited").order_by("pk")]
    assert wishes == [True, False, True]
