import pytest
import yaml

from edgeops.localaws import worldfile
from tests.edgeops.localaws.conftest import WORLD

API = {
    "slug": "a",
    "name": "A",
    "requests_per_minute": 1,
    "distribution": {"id": "E1", "domain": "d", "alias": "a.test", "hit_rate": 0, "ttl_seconds": 1},
}


def made(**top):
    """A world of one account and what is given."""
    return worldfile.read({"account": {"id": "1", "name": "first", "region": "eu-west-1"}, **top})


def test_an_api_lives_in_its_own_region_and_account_or_in_the_first_ones():
    payments, media, partners = (WORLD.api(slug) for slug in ("payments", "media", "partners"))

    assert (payments.account_id, payments.region) == ("345678901234", "eu-central-1")
    assert (media.account_id, media.region) == ("123456789012", "eu-west-1")
    assert (partners.account_id, partners.region) == ("123456789012", "us-west-2")
    assert [api.slug for api in WORLD.apis_of(WORLD.account, "us-west-2")] == ["partners"]


def test_bare_distributions_are_found_by_id_and_have_neither_traffic_nor_viewers():
    many = worldfile.with_bare_distributions(WORLD, 10_000)

    assert len(many.bare) == 10_000
    assert many.distribution("EBULK000010000").slug == "bulk-10000"
    assert many.apis == WORLD.apis
    assert many.host("bulk-00001.example.test") is None


def test_the_file_may_ask_for_bare_distributions():
    assert [api.distribution.id for api in made(bulk=2).bare] == ["EBULK000000001", "EBULK000000002"]


@pytest.mark.parametrize(
    ("top", "reason"),
    [
        ({"apis": [{**API, "account": "nobody"}]}, "known are first"),
        ({"apis": [API, API]}, "same slug"),
        ({"apis": [{**API, "hops": [{"kind": "mainframe", "name": "m"}]}]}, "'mainframe' is not a kind of hop"),
        ({"apis": [{**API, "waf": {"name": "w"}}]}, r"apis\[0\].waf"),
        ({"apis": [{**API, "waf": {"name": "w", "id": "i", "metric": "m", "rules": [{}]}}]}, r"waf.rules\[0\]"),
        ({"apis": [{**API, "health_check": []}]}, "health_check must be a mapping"),
        ({"accounts": [{"id": "2"}]}, r"accounts\[0\]"),
        ({"accounts": [{"id": "2", "name": "b", "region": "r", "disabled_regions": "all"}]}, "must be a list"),
        ({"pages": "/docs/"}, "pages must be a list"),
        ({"bulk": "many"}, "bulk must be a number"),
        ({"bulk": 100_001}, "at most 100000"),
    ],
)
def test_a_world_that_cannot_be_names_the_part_that_is_wrong(top, reason):
    with pytest.raises(worldfile.WorldError, match=reason):
        made(**yaml.safe_load(yaml.safe_dump(top)))
