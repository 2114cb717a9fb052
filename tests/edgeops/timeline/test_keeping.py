from datetime import timedelta

from edgeops.timeline import keeping
from edgeops.timeline.models import Event

DAY = timedelta(days=1)


def test_events_are_kept_as_long_as_the_charts_they_are_drawn_on(db, now):
    for number, age in enumerate((456 * DAY, 455 * DAY, DAY)):
        Event.put("note", subject=("note", number), api_slug="products", title="deploy", at=now - age)
    assert keeping.tidy(now) == 1
    assert keeping.tidy(now) == 0
    assert sorted(Event.objects.values_list("subject_id", flat=True)) == ["1", "2"]
