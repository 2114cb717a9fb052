from datetime import timedelta

import pytest

from edgeops.pulse.models import Stamp

pytestmark = pytest.mark.django_db


def test_a_stage_has_one_stamp_that_moves_with_its_work(now):
    later = now + timedelta(minutes=1)
    Stamp.put("sweep", now)
    Stamp.put("sweep", later)
    assert Stamp.objects.get().last_ok_at == later


def test_stages_are_stamped_apart(now):
    Stamp.put("sweep", now)
    Stamp.put("task", now + timedelta(minutes=1))
    assert Stamp.objects.get(stage="sweep").last_ok_at == now
