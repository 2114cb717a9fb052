import pytest

from edgeops.localaws import ec2 as ec2_api
from tests.edgeops.localaws.conftest import code_of, context


@pytest.fixture
def ec2(served):
    return served.client("ec2")


def test_the_group_of_a_load_balancer_lets_only_cloudfront_in(served, ec2):
    (balancer,) = served.client("elbv2").describe_load_balancers(Names=["catalog-alb"])["LoadBalancers"]
    (group,) = ec2.describe_security_groups(GroupIds=balancer["SecurityGroups"])["SecurityGroups"]
    asked = [{"Name": "group-id", "Values": balancer["SecurityGroups"]}]
    inward, outward = ec2.describe_security_group_rules(Filters=asked)["SecurityGroupRules"]
    named = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.global.cloudfront.origin-facing"]}]
    (prefixes,) = ec2.describe_managed_prefix_lists(Filters=named)["PrefixLists"]

    assert group["VpcId"] == balancer["VpcId"]
    assert group["IpPermissions"][0]["PrefixListIds"] == [{"PrefixListId": prefixes["PrefixListId"]}]
    assert (inward["IsEgress"], inward["PrefixListId"], inward["FromPort"]) == (False, prefixes["PrefixListId"], 443)
    assert (outward["IsEgress"], outward["CidrIpv4"]) == (True, "0.0.0.0/0")
    assert (prefixes["MaxEntries"], prefixes["AddressFamily"]) == (55, "IPv4")


@pytest.mark.parametrize(
    ("operation", "key"),
    [
        ("describe_security_groups", "SecurityGroups"),
        ("describe_security_group_rules", "SecurityGroupRules"),
        ("describe_managed_prefix_lists", "PrefixLists"),
    ],
)
def test_the_pages_joined_are_the_whole_list(ec2, operation, key):
    listed, joined, token = getattr(ec2, operation), [], {}
    while True:
        page = listed(MaxResults=5, **token)
        joined += page[key]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}

    assert joined == listed()[key]
    assert len(joined) >= 2


def test_a_page_is_as_small_as_asked(simulation):
    call = ec2_api.operations(simulation)["DescribeSecurityGroupRules"]
    first = call({"MaxResults": 1}, context(simulation))
    second = call({"MaxResults": 1, "NextToken": first["NextToken"]}, context(simulation))

    assert (
        first["SecurityGroupRules"] + second["SecurityGroupRules"]
        == (call({}, context(simulation))["SecurityGroupRules"][:2])
    )


def test_regions_tell_those_the_account_has_not_enabled_only_when_all_are_asked_for(ec2):
    usual = {region["RegionName"] for region in ec2.describe_regions()["Regions"]}
    every = {region["RegionName"]: region["OptInStatus"] for region in ec2.describe_regions(AllRegions=True)["Regions"]}

    assert {"eu-west-1", "us-east-1", "us-west-2"} <= usual
    assert set(every) - usual == {"ap-east-1", "me-south-1"}
    assert (every["ap-east-1"], every["eu-west-1"]) == ("not-opted-in", "opt-in-not-required")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda ec2: ec2.describe_security_groups(GroupIds=["sg-none"]), "InvalidGroup.NotFound"),
        (
            lambda ec2: ec2.describe_security_groups(Filters=[{"Name": "tag:a", "Values": ["b"]}]),
            "InvalidParameterValue",
        ),
        (lambda ec2: ec2.describe_regions(RegionNames=["atlantis"]), "InvalidParameterValue"),
        (lambda ec2: ec2.describe_security_group_rules(NextToken="none"), "InvalidParameterValue"),
    ],
)
def test_what_is_not_there_is_refused_in_the_services_words(ec2, call, code):
    assert code_of(lambda: call(ec2)) == (code, 400)


def test_another_region_and_another_account_have_no_groups(served):
    assert served.client("ec2", "us-west-2").describe_security_groups()["SecurityGroups"] == []
    assert served.client("ec2", **served.assumed()).describe_security_groups()["SecurityGroups"] == []
