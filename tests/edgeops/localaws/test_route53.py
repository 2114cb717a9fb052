import pytest

from tests.edgeops.localaws.conftest import code_of


@pytest.fixture
def route53(served):
    return served.client("route53", "us-east-1")


@pytest.fixture
def zone(route53):
    (only,) = route53.list_hosted_zones()["HostedZones"]
    return only["Id"]


def test_the_zone_has_the_records_that_lead_to_distributions(route53, zone):
    records = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    aliases = {(record["Name"], record["Type"]): record.get("AliasTarget") for record in records}

    products = aliases["products.example.test.", "A"]
    assert (products["HostedZoneId"], products["DNSName"]) == ("Z2FDTNDATAQYW2", "d1products00demo.cloudfront.net.")
    assert aliases["products.example.test.", "AAAA"] == products
    assert aliases["partners-origin.example.test.", "A"]["DNSName"].endswith(".execute-api.us-west-2.amazonaws.com.")
    assert ("payments.example.test.", "A") not in aliases


def test_the_pages_of_records_joined_are_the_whole_zone(route53, zone):
    pages = route53.get_paginator("list_resource_record_sets").paginate(
        HostedZoneId=zone, PaginationConfig={"PageSize": 3}
    )
    joined = [record for page in pages for record in page["ResourceRecordSets"]]

    assert joined == route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert len(joined) == route53.list_hosted_zones()["HostedZones"][0]["ResourceRecordSetCount"] == 14
    assert joined[0]["Type"] == "NS"


def test_records_can_begin_at_a_name(route53, zone):
    found = route53.list_resource_record_sets(HostedZoneId=zone, StartRecordName="products.example.test")

    assert found["ResourceRecordSets"][0]["Name"] == "products.example.test."


def test_health_checks_watch_the_aliases(route53):
    pages = route53.get_paginator("list_health_checks").paginate(PaginationConfig={"PageSize": 1})
    joined = [check for page in pages for check in page["HealthChecks"]]

    assert joined == route53.list_health_checks()["HealthChecks"]
    names = [check["HealthCheckConfig"]["FullyQualifiedDomainName"] for check in joined]
    assert names == ["products.example.test", "catalog.example.test", "media.example.test"]
    assert route53.get_health_check(HealthCheckId=joined[1]["Id"])["HealthCheck"] == joined[1]


def test_another_account_has_a_zone_of_its_own(served, zone):
    other = served.client("route53", "us-east-1", **served.assumed())
    (own,) = other.list_hosted_zones()["HostedZones"]

    names = [record["Name"] for record in other.list_resource_record_sets(HostedZoneId=own["Id"])["ResourceRecordSets"]]
    assert names == ["example.test.", "payments.example.test.", "payments.example.test."]
    assert code_of(lambda: other.list_resource_record_sets(HostedZoneId=zone)) == ("NoSuchHostedZone", 404)
    assert other.list_health_checks()["HealthChecks"] == []


def test_what_is_not_there_is_refused_in_the_services_words(route53):
    with pytest.raises(route53.exceptions.NoSuchHealthCheck):
        route53.get_health_check(HealthCheckId="none")
    assert code_of(lambda: route53.list_health_checks(Marker="none")) == ("InvalidInput", 400)
    assert code_of(lambda: route53.list_hosted_zones(MaxItems="none")) == ("InvalidInput", 400)
