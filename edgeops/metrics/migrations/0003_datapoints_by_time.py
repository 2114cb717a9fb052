"""Datapoints by the second their bucket starts at: no dates to parse, and a table that time can be dropped from.

SQLite keeps the rows in the order of their key, without a second B-tree; PostgreSQL in partitions by period and time.
"""

from datetime import UTC, datetime

from django.db import migrations, models

from edgeops.metrics import partitions

COLUMNS = """(
    series_id bigint NOT NULL REFERENCES metrics_series (id) DEFERRABLE INITIALLY DEFERRED,
    period integer NOT NULL CHECK (period >= 0),
    at bigint NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (series_id, period, at)
)"""
EPOCH = {"sqlite": "CAST(strftime('%%s', at) AS integer)", "postgresql": "extract(epoch FROM at)::bigint"}
MOMENT = {"sqlite": "datetime(at, 'unixepoch')", "postgresql": "to_timestamp(at)"}


def to_epochs(apps, schema_editor):
    vendor = schema_editor.connection.vendor
    _set_aside(schema_editor)
    if vendor == "postgresql":
        _create_partitioned(schema_editor)
    else:
        schema_editor.execute(f"CREATE TABLE metrics_datapoint {COLUMNS} WITHOUT ROWID")
    _copy(schema_editor, EPOCH[vendor])


def to_dates(apps, schema_editor):
    _set_aside(schema_editor)
    schema_editor.create_model(apps.get_model("metrics", "Datapoint"))
    _copy(schema_editor, MOMENT[schema_editor.connection.vendor])


def _set_aside(schema_editor):
    """Under another name, and without the names that its indexes would take from the new table's."""
    schema_editor.execute("ALTER TABLE metrics_datapoint RENAME TO metrics_datapoint_before")
    schema_editor.execute("DROP INDEX IF EXISTS datapoint_age")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER INDEX metrics_datapoint_pkey RENAME TO metrics_datapoint_before_pkey")


def _create_partitioned(schema_editor):
    schema_editor.execute(f"CREATE TABLE metrics_datapoint {COLUMNS} PARTITION BY LIST (period)")
    for period in partitions.SPANS:
        schema_editor.execute(
            f"CREATE TABLE metrics_datapoint_{period} PARTITION OF metrics_datapoint "
            f"FOR VALUES IN ({period}) PARTITION BY RANGE (at)"
        )
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT min(at), max(at) FROM metrics_datapoint_before WHERE period = %s", [period])
            first, last = cursor.fetchone()
        if first is not None:
            partitions.ensure(period, first, datetime.fromtimestamp(last.timestamp() + 1, UTC))


def _copy(schema_editor, at):
    sql = f"""
        INSERT INTO metrics_datapoint (series_id, period, at, value)
        SELECT series_id, period, {at}, value FROM metrics_datapoint_before
    """  # noqa: S608 (`at` is one of the four above)
    schema_editor.execute(sql)
    schema_editor.execute("DROP TABLE metrics_datapoint_before")


class Migration(migrations.Migration):
    dependencies = [("metrics", "0002_history_and_bill")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(to_epochs, to_dates)],
            state_operations=[
                migrations.RemoveIndex(model_name="datapoint", name="datapoint_age"),
                migrations.AlterField(
                    model_name="datapoint",
                    name="at",
                    field=models.BigIntegerField(help_text="Start of the bucket in epoch seconds."),
                ),
            ],
        ),
    ]
