from datetime import timedelta

import pytest

from edgeops.aws.cloudfront import Config
from edgeops.aws.cloudfront import Tenant as Listed
from edgeops.aws.errors import DeniedError
from edgeops.estate.models import AccountHealth
from edgeops.invalidations import asking, configs, sites
from edgeops.invalidations.models import DistributionConfig, Tenant

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


class FakeCloudFront:
    header = "Cache-Tag"
    is_for_tenants = False
    error = None

    def __init__(self):
        self.listed = []
        self.listing_fails = None

    def config(self, distribution_id):
        if self.error:
            raise self.error
        return Config(self.header, is_for_tenants=self.is_for_tenants)

    def tenants(self, distribution_id):
        if self.listing_fails:
            raise self.listing_fails
        yield from self.listed


def listed(aws_id, name, *domains, is_enabled=True):
    return Listed(aws_id, name, "E8", domains or (f"{name}.example.test",), is_enabled=is_enabled)


@pytest.fixture
def cloudfront():
    return FakeCloudFront()


@pytest.fixture
def read(distribution, cloudfront, now):
    def once(at=now):
        configs.plan(at)
        return configs.read(DistributionConfig.objects.get().pk, now=at, connect=lambda account, now: cloudfront)

    return once


def test_a_distribution_that_has_a_header_takes_tags(read, asked, distribution, now):
    with pytest.raises(asking.ItemsRefusedError, match="does not know yet"):
        asked("#product:7")
    read()
    assert asked("#product:7").items.get().kind == "tag"
    row = DistributionConfig.objects.get()
    assert (row.read_at, row.next_at, row.is_for_tenants) == (now, now + HOUR, False)
    assert AccountHealth.objects.get().state == "FRESH"


def test_without_a_header_a_tag_is_refused_and_the_header_looked_for_again(read, asked, cloudfront, now):
    cloudfront.header = ""
    read()
    for at in (now + MINUTE / 2, now + 2 * MINUTE):
        with pytest.raises(asking.ItemsRefusedError, match="no cache-tag header"):
            asked("#product:7", now=at)
    cloudfront.header = "Cache-Tag"
    assert read(now + MINUTE) is None
    assert read(now + 2 * MINUTE).cache_tag_header == "Cache-Tag"
    assert asked("#product:7")


def test_a_reading_that_is_denied_names_the_action_and_is_tried_again(read, asked, cloudfront, distribution, now):
    cloudfront.error = DeniedError("cloudfront:GetDistributionConfig", "AccessDenied", "no")
    read()
    assert "Allow the IAM action cloudfront:GetDistributionConfig" in sites.of(distribution).tag_trouble
    assert AccountHealth.objects.get().state == "FORBIDDEN"
    with pytest.raises(asking.ItemsRefusedError, match="cloudfront:GetDistributionConfig"):
        asked("#product:7")
    assert DistributionConfig.objects.get().next_at <= now + timedelta(seconds=10)


def test_planning_twice_makes_one_row(distribution, now):
    configs.plan(now)
    configs.plan(now)
    assert DistributionConfig.objects.count() == 1


def test_the_tenants_of_a_distribution_for_tenants_are_kept(read, cloudfront, distribution, now):
    cloudfront.is_for_tenants = True
    cloudfront.listed = [listed("dt_1", "north", "North.example.test"), listed("dt_2", "south", is_enabled=False)]
    row = read()
    assert (row.is_for_tenants, row.tenants_read_at) == (True, now)
    north, south = Tenant.objects.present()
    assert (north.aws_id, north.name, north.domains, north.is_enabled) == (
        "dt_1",
        "north",
        ["north.example.test"],
        True,
    )
    assert (str(south), south.is_enabled) == ("south of products", False)
    assert north.is_enabled


def test_of_others_no_tenant_is_asked_for(read, cloudfront):
    cloudfront.listing_fails = DeniedError("cloudfront:ListDistributionTenants", "AccessDenied", "no")
    assert read().last_error == ""


def test_what_changed_at_a_tenant_is_written_and_nothing_else(read, cloudfront, now):
    cloudfront.is_for_tenants = True
    cloudfront.listed = [listed("dt_1", "north"), listed("dt_2", "south")]
    read()
    north = Tenant.objects.get(aws_id="dt_1")
    cloudfront.listed = [listed("dt_1", "north", "n.example.test"), listed("dt_2", "south"), listed("dt_3", "west")]
    read(now + HOUR)
    assert [one.domains for one in Tenant.objects.present()] == [
        ["n.example.test"], ["south.example.test"], ["west.example.test"],
    ]  # fmt: skip
    assert Tenant.objects.get(aws_id="dt_1").pk == north.pk


def test_a_tenant_that_is_listed_no_more_is_gone_until_it_is_listed_again(read, cloudfront, now):
    cloudfront.is_for_tenants = True
    north = cloudfront.listed = [listed("dt_1", "north")]
    read()
    cloudfront.listed = []
    read(now + HOUR)
    read(now + 2 * HOUR)
    assert Tenant.objects.get().gone_at == now + HOUR
    assert not Tenant.objects.present()
    cloudfront.listed = north
    read(now + 3 * HOUR)
    assert Tenant.objects.get().gone_at is None


def test_tenants_that_may_not_be_listed_leave_the_known_ones_and_name_the_action(read, cloudfront, now):
    cloudfront.is_for_tenants = True
    cloudfront.listed = [listed("dt_1", "north")]
    read()
    cloudfront.listing_fails = DeniedError("cloudfront:ListDistributionTenants", "AccessDenied", "no")
    row = read(now + HOUR)
    assert "Allow the IAM action cloudfront:ListDistributionTenants" in row.last_error
    assert (row.is_for_tenants, row.read_at, row.tenants_read_at) == (True, now + HOUR, now)
    assert row.next_at <= now + HOUR + timedelta(seconds=10)
    assert Tenant.objects.present().get().name == "north"


def test_ten_thousand_tenants_are_kept_in_a_handful_of_queries(read, cloudfront, now, django_assert_max_num_queries):
    cloudfront.is_for_tenants = True
    cloudfront.listed = [listed(f"dt_{n}", f"site-{n}") for n in range(10_000)]
    with django_assert_max_num_queries(40):
        read()
    with django_assert_max_num_queries(15):  # nothing changed
        read(now + HOUR)
    assert Tenant.objects.present().count() == 10_000
