from datetime import UTC, datetime

import pytest

from edgeops import secrets
from edgeops.access.audit import SYSTEM
from edgeops.access.models import Audit
from edgeops.alarms import rules
from edgeops.alarms.models import AlarmRule
from edgeops.demo import seed, watching
from edgeops.metrics.models import Interest
from edgeops.notifications.models import Channel, Route
from edgeops.webhooks.models import Endpoint

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def seeded(db):
    seed.estate()
    return watch


def watch():
    watching.alarms(watching.channels(NOW), NOW)
    watching.endpoint(NOW)


def test_two_alarms_are_told_to_both_channels_and_polled_every_minute(seeded):
    seeded()

    assert set(AlarmRule.objects.values_list("name", flat=True)) == {alarm.name for alarm in watching.ALARMS}
    assert Route.objects.count() == 4
    assert Interest.objects.filter(holder_kind="alarm").count() == 2
    assert Audit.objects.filter(action="alarm.created", actor=SYSTEM.name).count() == 2


def test_seeding_again_keeps_the_secrets_and_follows_a_moved_port(seeded, settings):
    seeded()
    secret = Channel.objects.get(name=watching.WEBHOOK_CHANNEL).encrypted_secret
    settings.INBOX_PORT = 18026
    seeded()

    channel = Channel.objects.get(name=watching.WEBHOOK_CHANNEL)
    assert (channel.encrypted_secret, channel.address) == (secret, "http://127.0.0.1:18026/alerts")
    assert (AlarmRule.objects.count(), Channel.objects.count(), Endpoint.objects.count()) == (2, 2, 1)


def test_both_channels_are_told_of_edgeops_own_failures_until_somebody_unticks_it(seeded):
    seeded()
    assert set(Channel.objects.values_list("hears_failures_since", flat=True)) == {NOW}

    Channel.objects.filter(name=watching.MAIL_CHANNEL).update(hears_failures_since=None)
    seeded()
    assert not Channel.objects.get(name=watching.MAIL_CHANNEL).hears_failures


def test_an_alarm_somebody_deleted_does_not_come_back(seeded):
    seeded()
    rules.delete(AlarmRule.objects.get(name=watching.ALARMS[0].name), actor=SYSTEM, now=NOW)
    seeded()

    assert AlarmRule.objects.standing().count() == 1


def test_secrets_are_encrypted_at_rest(seeded):
    seeded()

    stored = Endpoint.objects.get().secrets.get().encrypted_secret
    assert "whsec_" not in stored
    assert secrets.decrypt(stored).startswith("whsec_")
