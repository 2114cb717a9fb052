"""Every table that grows is in the operating guide, with how long its rows are kept."""

import re
from pathlib import Path

from django.apps import apps

GUIDE = Path(__file__).parent.parent / "docs" / "operating.md"
# One row for each thing there is, made by people or found at AWS.
OF_THINGS = {
    "access_user", "account_emailaddress", "account_emailconfirmation", "alarms_alarmrule", "alarms_alarmseries",
    "auth_group", "auth_permission", "django_content_type", "estate_account", "estate_accounthealth",
    "estate_distribution", "estate_edgeapi", "estate_hop", "invalidations_distributionconfig", "invalidations_policy",
    "invalidations_quotaprofile", "invalidations_tenant", "metrics_interest", "metrics_series",
    "notifications_channel", "notifications_route", "pulse_stamp", "webhooks_endpoint", "webhooks_endpointsecret",
    "webhooks_rule",
}  # fmt: skip


def test_the_guide_says_of_every_table_that_grows_how_long_its_rows_are_kept():
    section = GUIDE.read_text().partition("## What is kept how long")[2].partition("\n## ")[0]
    told = re.findall(r"`(\w+)`", section)
    tables = {model._meta.db_table for model in apps.get_models()}
    assert sorted(told) == sorted(tables - OF_THINGS)
