from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("invalidations", "0008_rounds_of_probes"), ("webhooks", "0006_pause_is_a_suspension")]
AFTER = [("invalidations", "0010_requests_of_tenants"), ("webhooks", "0007_endpoints_of_tenants")]


def migrate(targets):
    MigrationExecutor(connection).migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def newest(transactional_db):
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_what_was_known_of_tags_is_kept_and_the_rest_read_at_once(newest, distribution):
    old, later = migrate(BEFORE), timezone.now() + timedelta(hours=1)
    old.get_model("invalidations", "TagHeader").objects.create(
        distribution_id=distribution.pk, header="Cache-Tag", read_at=later, next_at=later
    )

    row = migrate(AFTER).get_model("invalidations", "DistributionConfig").objects.get()
    assert (row.cache_tag_header, row.is_for_tenants, row.tenants_read_at) == ("Cache-Tag", False, None)
    assert row.next_at <= timezone.now()

    assert migrate(BEFORE).get_model("invalidations", "TagHeader").objects.get().header == "Cache-Tag"
