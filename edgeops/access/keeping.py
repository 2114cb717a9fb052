"""What is forgotten of who was here: sessions that have expired. Audit rows are kept for ever."""

from datetime import datetime

from django.contrib.sessions.models import Session

from edgeops import retention


def tidy(now: datetime) -> int:
    """Delete sessions nobody can use any more; how many."""
    return retention.delete(Session.objects.filter(expire_date__lt=now))
