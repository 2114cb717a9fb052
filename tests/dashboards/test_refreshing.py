from datetime import UTC, datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from dashboards import refreshing

NOW = datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)


def asked(user, **headers):
    request = RequestFactory().get("/", headers=headers)
    request.user, request.htmx = user, HtmxDetails(request)
    return request


@pytest.mark.django_db
def test_a_refresh_with_the_same_tag_is_an_empty_304(vera):
    etag = refreshing.tag(asked(vera), NOW, "newest", 3)
    response = refreshing.not_modified(asked(vera, HX_Request="true", If_None_Match=etag), etag)

    assert response.status_code == 304
    assert response["ETag"] == etag
    assert not response.content


@pytest.mark.django_db
def test_a_new_mark_person_or_minute_is_a_new_tag(vera, otto):
    tags = {
        refreshing.tag(asked(vera), NOW, 3),
        refreshing.tag(asked(vera), NOW, 4),
        refreshing.tag(asked(otto), NOW, 3),
        refreshing.tag(asked(vera), NOW + timedelta(minutes=1), 3),
    }

    assert len(tags) == 4
    assert refreshing.tag(asked(vera), NOW + timedelta(seconds=20), 3) in tags


@pytest.mark.django_db
def test_a_whole_page_is_never_answered_from_a_tag(vera):
    etag = refreshing.tag(asked(vera), NOW, 3)
    request = asked(vera, If_None_Match=etag)

    assert refreshing.not_modified(request, etag) is None
    assert "ETag" not in refreshing.tagged(request, HttpResponse("page"), etag)


@pytest.mark.django_db
def test_a_fragment_carries_its_tag_and_is_kept_by_nobody_else(vera):
    request = asked(vera, HX_Request="true")
    response = refreshing.tagged(request, HttpResponse("part"), '"abc"')

    assert response["ETag"] == '"abc"'
    assert response["Cache-Control"] == "private, no-cache"
    assert "HX-Request" in response["Vary"]
