from datetime import timedelta

import pytest
from django.utils import timezone

from dashboards.views import health
from edgeops.pulse.models import Stamp


@pytest.fixture
def working_redis(monkeypatch):
    monkeypatch.setattr(health, "_redis", lambda: {"ok": True})


def put_stamps(age, stages=("sweep", "plan", "task", "read")):
    for stage in stages:
        Stamp.put(stage, timezone.now() - age)


def test_live_answers_strangers_without_touching_the_database(client):
    # No database mark here: pytest-django fails any query.
    assert client.get("/healthz/live").json() == {"status": "live"}


@pytest.mark.django_db
def test_ready_when_work_is_being_done(client, working_redis):
    put_stamps(timedelta(seconds=3))
    response = client.get("/healthz/ready")
    assert (response.status_code, response.json()["status"]) == (200, "ready")


@pytest.mark.django_db
@pytest.mark.parametrize("age", [timedelta(minutes=1), timedelta(days=1)])
def test_not_ready_when_no_work_was_done_lately(client, working_redis, age):
    put_stamps(age)
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    assert [name for name, check in response.json().items() if name != "status" and not check["ok"]] == [
        "beat", "workers", "pollers"
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("dead", "named"), [(("sweep", "task"), "workers"), (("plan", "read"), "pollers"), (("sweep", "plan"), "beat")]
)
def test_of_beat_worker_and_poller_the_one_that_is_dead_is_named(client, working_redis, dead, named):
    put_stamps(timedelta(seconds=3))
    put_stamps(timedelta(minutes=5), dead)
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    checks = {name: check["ok"] for name, check in response.json().items() if name != "status"}
    assert [name for name, is_ok in checks.items() if not is_ok] == [named]


@pytest.mark.django_db
def test_not_ready_before_any_work_was_done(client, working_redis):
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    assert response.json()["beat"] == {"ok": False, "age_seconds": None}


@pytest.mark.django_db
def test_an_unreachable_redis_is_named_without_its_address(client, settings):
    settings.REDIS_URL = "redis://user:hidden@127.0.0.1:9/0"
    put_stamps(timedelta(seconds=3))
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    assert response.json()["redis"] == {"ok": False, "error": "ConnectionError"}
    assert b"hidden" not in response.content


def test_not_ready_with_the_keys_of_another_deployment(client, working_redis, hook, settings):
    put_stamps(timedelta(seconds=3))
    assert client.get("/healthz/ready").json()["encryption_keys"] == {"ok": True}
    settings.ENCRYPTION_KEYS = ["b3RoZXItb25seS1rZXktbmV2ZXItaW4tcHJvZHVjdGk="]
    response = client.get("/healthz/ready")
    assert response.status_code == 503
    assert [name for name, check in response.json().items() if name != "status" and not check["ok"]] == [
        "encryption_keys"
    ]


@pytest.mark.parametrize("path", ["/healthz/live", "/healthz/ready"])
def test_health_refuses_other_methods(client, path):
    assert client.post(path).status_code == 405
