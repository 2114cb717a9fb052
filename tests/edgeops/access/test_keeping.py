from datetime import timedelta

from django.contrib.sessions.models import Session

from edgeops.access import keeping


def test_sessions_that_have_expired_are_forgotten_and_others_stay(db, now):
    Session.objects.create(session_key="old", session_data="x", expire_date=now - timedelta(seconds=1))
    Session.objects.create(session_key="new", session_data="x", expire_date=now + timedelta(hours=1))
    assert keeping.tidy(now) == 1
    assert keeping.tidy(now) == 0
    assert Session.objects.get().session_key == "new"
