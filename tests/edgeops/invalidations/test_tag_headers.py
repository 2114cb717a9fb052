from datetime import timedelta

import pytest

from edgeops.aws.errors import DeniedError
from edgeops.estate.models import AccountHealth
from edgeops.invalidations import asking, sites, tag_headers
from edgeops.invalidations.models import TagHeader

MINUTE = timedelta(minutes=1)


class FakeCloudFront:
    header = "Cache-Tag"
    error = None

    def cache_tag_header(self, distribution_id):
        if self.error:
            raise self.error
        return self.header


@pytest.fixture
def cloudfront():
    return FakeCloudFront()


@pytest.fixture
def read(distribution, cloudfront, now):
    def once(at=now):
        tag_headers.plan(at)
        return tag_headers.read(TagHeader.objects.get().pk, now=at, connect=lambda account, now: cloudfront)

    return once


def test_a_distribution_that_has_a_header_takes_tags(read, asked, distribution, now):
    with pytest.raises(asking.ItemsRefusedError, match="does not know yet"):
        asked("#product:7")
    read()
    assert asked("#product:7").items.get().kind == "tag"
    row = TagHeader.objects.get()
    assert (row.read_at, row.next_at) == (now, now + timedelta(hours=1))
    assert AccountHealth.objects.get().state == "FRESH"


def test_without_a_header_a_tag_is_refused_and_the_header_looked_for_again(read, asked, cloudfront, now):
    cloudfront.header = ""
    read()
    for at in (now + MINUTE / 2, now + 2 * MINUTE):
        with pytest.raises(asking.ItemsRefusedError, match="no cache-tag header"):
            asked("#product:7", now=at)
    cloudfront.header = "Cache-Tag"
    assert read(now + MINUTE) is None
    assert read(now + 2 * MINUTE).header == "Cache-Tag"
    assert asked("#product:7")


def test_a_reading_that_is_denied_names_the_action_and_is_tried_again(read, asked, cloudfront, distribution, now):
    cloudfront.error = DeniedError("cloudfront:GetDistributionConfig", "AccessDenied", "no")
    read()
    assert "Allow the IAM action cloudfront:GetDistributionConfig" in sites.of(distribution).tag_trouble
    assert AccountHealth.objects.get().state == "FORBIDDEN"
    with pytest.raises(asking.ItemsRefusedError, match="cloudfront:GetDistributionConfig"):
        asked("#product:7")
    assert TagHeader.objects.get().next_at <= now + timedelta(seconds=10)


def test_planning_twice_makes_one_row(distribution, now):
    tag_headers.plan(now)
    tag_headers.plan(now)
    assert TagHeader.objects.count() == 1
