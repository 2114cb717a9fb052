import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = [("webhooks", "0002_schemes_and_bounds")], [("webhooks", "0005_drop_event_and_paths")]


def migrate(targets):
    MigrationExecutor(connection).migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def newest(transactional_db):
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


@pytest.mark.parametrize("event_type", ["product.updated", 'it\'s `odd` \\ "é"'])
def test_rules_survive_the_way_there_and_back(newest, distribution, now, event_type):
    old = migrate(BEFORE)
    endpoint = old.get_model("webhooks", "Endpoint").objects.create(
        name="shop", distribution_id=distribution.pk, created_at=now
    )
    told = {"name": "changed", "event_type": event_type, "path_templates": ["/products/{id}"]}
    old.get_model("webhooks", "Rule").objects.create(endpoint=endpoint, **told)

    new = migrate(AFTER)
    version = new.get_model("webhooks", "RuleVersion").objects.get()
    assert (version.number, version.rule.name, version.rule.current) == (1, "changed", version)

    from edgeops.webhooks import trying  # noqa: PLC0415 (the models are not the migrated ones)
    from edgeops.webhooks.definitions import Definition  # noqa: PLC0415

    event = trying.Document({}, {"type": event_type, "data": {"id": 7}})
    assert trying.try_rule(Definition.of(version.definition), event).items == ("/products/7",)
    other = trying.Document({}, {"type": "other", "data": {"id": 7}})
    assert not trying.try_rule(Definition.of(version.definition), other).matches

    back = migrate(BEFORE).get_model("webhooks", "Rule").objects.get()
    assert {name: getattr(back, name) for name in told} == told
