import pytest
from django.test import RequestFactory, override_settings

from dashboards import navigation

pytestmark = pytest.mark.django_db


def rail(user, path):
    request = RequestFactory().get(path)
    request.user = user
    return navigation.rail(request)


def test_the_rail_lists_the_pages_and_every_api(vera, api):
    links = rail(vera, "/apis/products/")

    assert next(link.title for link in links.pages) == "Overview"
    assert [(link.title, link.href, link.current) for link in links.apis] == [
        ("Products API", "/apis/products/", "page")
    ]


def test_a_page_inside_marks_the_page_above_it(vera):
    marked = [link.title for link in rail(vera, "/cache/invalidations/new/").pages if link.current == "true"]

    assert marked == ["Cache"]


def test_somebody_without_a_role_sees_no_links(nils, api):
    assert rail(nils, "/") == navigation.Rail(pages=[], apis=[])


def test_the_inbox_is_a_page_of_the_demo_only(vera):
    assert "Demo inbox" not in [link.title for link in rail(vera, "/").pages]
    with override_settings(IS_DEMO=True):
        assert "Demo inbox" in [link.title for link in rail(vera, "/").pages]


def test_a_row_named_as_text_has_its_page_or_none():
    assert navigation.address("alarm", 7) == "/alarms/7/"
    assert navigation.address("api", "a/../b") == "/apis/a%2F..%2Fb/"
    assert navigation.address("channel_secret", 1) == ""
