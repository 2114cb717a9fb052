from edgeops.discovery import rediscovery
from edgeops.pulse.models import Stamp
from tasks import discovering


def test_paths_whose_turn_has_come_are_handed_to_a_worker(api, now, monkeypatch):
    turn = rediscovery.turn_of(api.pk, now)
    sent = []
    monkeypatch.setattr(discovering, "publish", lambda task, pk: sent.append((task.name, pk)))
    monkeypatch.setattr(discovering.timezone, "now", lambda: turn)
    discovering.plan_rediscovery()
    assert sent == [("tasks.discovering.run_discovery", api.discoveries.get().pk)]
    assert Stamp.objects.filter(stage="rediscovery").exists()
