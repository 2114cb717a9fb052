import pytest

from edgeops.discovery import listing

SHOP = {"id": "E1", "tags": {"team": "shop", "environment": "production"}}
SEARCH = {"id": "E2", "tags": {"team": "search"}}
BARE = {"id": "E3", "tags": {}}
EVERYTHING = [SHOP, SEARCH, BARE]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("team=shop", [SHOP]),
        (" team = shop ", [SHOP]),
        ("team", [SHOP, SEARCH]),
        ("team=", []),
        ("Team=shop", []),
        ("owner=shop", []),
        ("", EVERYTHING),
        ("=shop", EVERYTHING),
    ],
)
def test_distributions_are_chosen_by_a_tag_or_by_its_key_alone(wanted, found):
    assert listing.with_tag(EVERYTHING, wanted) == found


def test_a_value_may_hold_an_equals_sign():
    odd = {"id": "E4", "tags": {"filter": "a=b"}}
    assert listing.with_tag([odd, SHOP], "filter=a=b") == [odd]


def test_the_tags_there_are_to_choose_from():
    assert listing.tags_of(EVERYTHING) == ["environment=production", "team=search", "team=shop"]
