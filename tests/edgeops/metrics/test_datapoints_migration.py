from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE, AFTER = [("metrics", "0002_history_and_bill")], [("metrics", "0003_datapoints_by_time")]


def migrate(targets):
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps.get_model("metrics", "Datapoint")


@pytest.fixture
def newest(transactional_db):
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def rows(model):
    return list(model.objects.order_by("period", "at").values_list("series_id", "period", "at", "value"))


def test_datapoints_survive_the_way_there_and_back(newest, requests, now):
    before = [
        (requests.pk, 60, now - timedelta(days=2), 0.1),
        (requests.pk, 60, now, 2.0),
        (requests.pk, 3600, now, 9.5),
    ]
    old = migrate(BEFORE)
    for series_id, period, at, value in before:
        old.objects.create(series_id=series_id, period=period, at=at, value=value)

    new = migrate(AFTER)
    assert rows(new) == [(pk, period, int(at.timestamp()), value) for pk, period, at, value in before]

    assert rows(migrate(BEFORE)) == before


def test_sqlite_keeps_datapoints_in_the_order_of_their_key_alone(newest):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sql FROM sqlite_master WHERE tbl_name = 'metrics_datapoint' AND sql IS NOT NULL")
            [(sql,)] = cursor.fetchall()
            assert sql.endswith("WITHOUT ROWID")
        else:
            cursor.execute("SELECT partstrat FROM pg_partitioned_table ORDER BY partstrat")
            assert [strategy for (strategy,) in cursor.fetchall()] == ["l", "r", "r", "r"]
