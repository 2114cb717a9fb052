import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection

from edgeops import secrets
from edgeops.keyring import checks, reading
from edgeops.notifications.models import Channel
from edgeops.webhooks.models import WebhookDelivery
from tests.fixtures.webhooks import SECRET, event, receive

OTHER = [Fernet.generate_key().decode()]


@pytest.fixture
def stored(endpoint, hook, now):
    """A secret in and out, and a body."""
    receive(endpoint, event(id="in the body"), at=now)


def test_every_encrypted_column_is_known():
    named = {
        f"{model._meta.db_table}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.name.startswith("encrypted_")
    }
    assert {str(column) for column in reading.COLUMNS} == named


def test_the_database_holds_nothing_of_it_in_clear(stored, hook):
    hidden = [SECRET, secrets.decrypt(hook.encrypted_secret), "in the body"]
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            text = str(cursor.fetchall())
            assert not [one for one in hidden if one.removeprefix("whsec_") in text], table


def test_keys_that_read_everything_fit(stored):
    assert reading.is_fit()
    assert reading.unreadable() == []
    assert checks.keys_fit(databases=["default"]) == []


@pytest.mark.django_db
def test_any_key_fits_where_nothing_is_stored(settings):
    settings.ENCRYPTION_KEYS = OTHER
    assert reading.is_fit()


def test_keys_of_another_deployment_do_not_fit(stored, settings):
    settings.ENCRYPTION_KEYS = OTHER
    assert not reading.is_fit()
    assert reading.unreadable() == ["channel Chat", "endpoint secret product data 2026-11-22-1"]
    assert checks.keys_fit(databases=["default"]) == [checks.NO_KEY_FITS]


def test_what_some_key_reads_is_told_apart_from_what_none_does(stored, settings):
    settings.ENCRYPTION_KEYS = [*OTHER, *settings.ENCRYPTION_KEYS]
    Channel.objects.update(encrypted_secret="gAAAAAunreadable")
    assert reading.is_fit()
    (found,) = checks.keys_fit(databases=["default"])
    assert found.msg == "No key of EDGEOPS_ENCRYPTION_KEYS reads the secret of: channel Chat."


def test_bodies_are_history_and_not_looked_at(stored, settings):
    WebhookDelivery.objects.update(encrypted_body="gAAAAAunreadable")
    assert reading.unreadable() == []


def test_migrating_with_the_keys_of_another_deployment_is_refused_and_names_the_setting(stored, settings):
    settings.ENCRYPTION_KEYS = OTHER
    with pytest.raises(CommandError, match="EDGEOPS_ENCRYPTION_KEYS reads none") as refused:
        call_command("migrate", skip_checks=False, verbosity=0)
    assert "--skip-checks" in str(refused.value)


def test_a_database_yet_to_be_migrated_is_no_error(stored, settings, monkeypatch):
    settings.ENCRYPTION_KEYS = OTHER
    monkeypatch.setattr(connection.introspection, "table_names", list)
    assert checks.keys_fit(databases=["default"]) == []


def test_without_a_database_to_look_at_nothing_is_said(settings):
    # No database mark here: pytest-django fails any query.
    assert checks.keys_fit(databases=None) == []
