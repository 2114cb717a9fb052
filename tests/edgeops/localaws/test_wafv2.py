import pytest

from tests.edgeops.localaws.conftest import code_of

ALB = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/catalog-alb/50dc6c495c0c9188"
DISTRIBUTION = "arn:aws:cloudfront::123456789012:distribution/E1PRODUCTSDEMO"
GLOBAL_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/products-acl/3c1f7c1e"


@pytest.fixture
def waf(served):
    return served.client("wafv2", "us-east-1")


def test_a_distributions_web_acl_is_read_by_the_arn_the_distribution_names(served, waf):
    config = served.client("cloudfront").get_distribution_config(Id="E1PRODUCTSDEMO")["DistributionConfig"]

    acl = waf.get_web_acl(ARN=config["WebACLId"])["WebACL"]

    assert (acl["Name"], acl["VisibilityConfig"]["MetricName"]) == ("products-acl", "ProductsAcl")
    assert [rule["VisibilityConfig"]["MetricName"] for rule in acl["Rules"]] == [
        "ProductsRateLimit",
        "ProductsKnownBadInputs",
    ]


def test_a_web_acl_is_read_by_name_id_and_scope(waf):
    (listed,) = [acl for acl in waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"] if acl["Name"] == "catalog-acl"]

    acl = waf.get_web_acl(Name="catalog-acl", Id=listed["Id"], Scope="CLOUDFRONT")["WebACL"]

    assert acl["ARN"] == listed["ARN"]
    assert acl["Rules"][0]["Action"] == {"Count": {}}


def test_the_pages_joined_are_the_whole_list(waf):
    joined, marker = [], {}
    while True:
        page = waf.list_web_acls(Scope="CLOUDFRONT", Limit=1, **marker)
        joined += page["WebACLs"]
        if "NextMarker" not in page:
            break
        marker = {"NextMarker": page["NextMarker"]}

    assert joined == waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"]
    assert [acl["Name"] for acl in joined] == ["products-acl", "catalog-acl", "partners-acl"]


def test_a_regional_web_acl_is_found_by_its_load_balancer_and_names_it(served):
    regional = served.client("wafv2", "eu-west-1")

    acl = regional.get_web_acl_for_resource(ResourceArn=ALB)["WebACL"]

    assert acl["VisibilityConfig"]["MetricName"] == "CatalogOriginAcl"
    assert regional.list_resources_for_web_acl(WebACLArn=acl["ARN"])["ResourceArns"] == [ALB]
    assert regional.get_web_acl(ARN=acl["ARN"])["WebACL"]["Name"] == "catalog-origin-acl"
    assert "WebACL" not in regional.get_web_acl_for_resource(ResourceArn=ALB.replace("catalog", "other"))


@pytest.mark.parametrize(
    ("region", "call"),
    [
        ("us-east-1", lambda waf: waf.get_web_acl_for_resource(ResourceArn=DISTRIBUTION)),
        ("us-east-1", lambda waf: waf.list_resources_for_web_acl(WebACLArn=GLOBAL_ACL)),
        ("eu-west-1", lambda waf: waf.list_web_acls(Scope="CLOUDFRONT")),
        ("us-east-1", lambda waf: waf.get_web_acl(Name="products-acl")),
        ("us-east-1", lambda waf: waf.list_web_acls(Scope="CLOUDFRONT", NextMarker="none")),
    ],
)
def test_what_waf_does_not_do_is_an_invalid_parameter(served, region, call):
    assert code_of(lambda: call(served.client("wafv2", region))) == ("WAFInvalidParameterException", 400)


def test_another_accounts_web_acl_does_not_exist(served, waf):
    arn = waf.list_web_acls(Scope="CLOUDFRONT")["WebACLs"][0]["ARN"]
    other = served.client("wafv2", "us-east-1", **served.assumed())

    assert other.list_web_acls(Scope="CLOUDFRONT")["WebACLs"] == []
    with pytest.raises(other.exceptions.WAFNonexistentItemException):
        other.get_web_acl(ARN=arn)
