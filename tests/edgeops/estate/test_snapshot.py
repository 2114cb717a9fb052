from edgeops.estate import plain, snapshot
from edgeops.estate.models import EdgeApi, Hop


def test_the_document_says_what_the_rows_say(api, account):
    account.other_regions = ["eu-central-1"]
    account.save()

    estate = snapshot.current()

    assert [(one.name, one.other_regions) for one in estate.accounts] == [("demo", ("eu-central-1",))]
    assert [one.slug for one in estate.apis] == ["products"]
    assert [(hop.kind, hop.name, hop.position) for hop in estate.apis[0].hops] == [
        ("cloudfront", "E1PRODUCTSDEMO", 0),
        ("rest_api", "products-api", 1),
        ("lambda", "products-handler", 2),
    ]
    assert plain.check(estate) == estate


def test_the_external_id_is_in_no_document(api, account):
    assert account.external_id not in str(plain.estate_to_plain(snapshot.current()))


def test_an_empty_edgeops_is_an_empty_document(db):
    assert plain.estate_to_plain(snapshot.current()) == {"accounts": [], "apis": []}


def test_a_larger_estate_costs_no_more_queries(api, account, distribution, django_assert_num_queries):
    for number in range(5):
        other = EdgeApi.objects.create(
            slug=f"api-{number}", name="Other", account=account, region="eu-west-1", distribution=distribution
        )
        Hop.objects.create(
            api=other, account=account, region="eu-west-1", kind="lambda", position=0, name="f", dimensions={}
        )

    with django_assert_num_queries(3):
        assert len(snapshot.current().apis) == 6
