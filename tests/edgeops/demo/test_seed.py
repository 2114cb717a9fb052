import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from edgeops.access.models import User
from edgeops.alarms.models import AlarmRule
from edgeops.demo import seed
from edgeops.estate.models import Account, Distribution, EdgeApi, Hop
from edgeops.metrics.models import PollBatch, Series
from edgeops.traces.models import TraceWindow
from edgeops.webhooks.models import Endpoint, WebhookDelivery


def test_the_estate_is_the_worlds(db):
    seed.estate()

    assert list(EdgeApi.objects.values_list("slug", flat=True)) == ["catalog", "orders", "products"]
    path = Hop.objects.filter(api__slug="catalog").values_list("position", "kind", "name", "region")
    assert list(path) == [
        (0, "cloudfront", "E2CATALOGDEMO0", "us-east-1"),
        (0, "waf", "catalog-acl", "us-east-1"),
        (0, "health_check", "catalog.example.test/health", "us-east-1"),
        (1, "alb", "catalog-alb", "eu-west-1"),
        (1, "waf", "catalog-origin-acl", "eu-west-1"),
        (2, "target_group", "catalog-search", "eu-west-1"),
        (2, "target_group", "catalog-browse", "eu-west-1"),
    ]


@pytest.mark.parametrize(
    ("name", "dimensions"),
    [
        ("E1PRODUCTSDEMO", {"DistributionId": "E1PRODUCTSDEMO", "Region": "Global"}),
        ("products-api", {"ApiName": "products-api", "Stage": "prod"}),
        ("products-handler", {"FunctionName": "products-handler"}),
        ("catalog-alb", {"LoadBalancer": "app/catalog-alb/50dc6c495c0c9188"}),
        (
            "catalog-browse",
            {
                "LoadBalancer": "app/catalog-alb/50dc6c495c0c9188",
                "TargetGroup": "targetgroup/catalog-browse/943f017f100becff",
            },
        ),
        ("orders-api", {"ApiId": "f6g7h8i9j0", "Stage": "$default"}),
    ],
)
def test_a_hop_carries_the_dimensions_of_its_metrics(db, name, dimensions):
    seed.estate()

    assert Hop.objects.get(name=name).dimensions == dimensions


def test_the_edge_is_asked_by_host_on_loopback(db, settings):
    settings.EDGE_PORT, settings.LOCALAWS_PORT = 19000, 14566
    seed.estate()

    products = Distribution.objects.get(name="products")
    assert (products.viewer_url, products.host) == ("http://127.0.0.1:19000", "products.example.test")
    assert products.origin_probe_url == "http://127.0.0.1:14566/_origin/products"


def test_seeding_again_changes_nothing_and_follows_moved_ports(db, settings):
    seed.estate()
    before = [model.objects.count() for model in (Account, Distribution, EdgeApi, Hop, Series)]
    settings.EDGE_PORT = 19001
    seed.estate()

    assert [model.objects.count() for model in (Account, Distribution, EdgeApi, Hop, Series)] == before
    assert Distribution.objects.get(name="orders").viewer_url == "http://127.0.0.1:19001"


def test_what_people_made_of_the_demo_stays_when_it_is_seeded_again(db):
    api = seed.estate()[0]
    Account.objects.update(monthly_budget=5)
    Hop.objects.create(
        api=api, account=api.account, region="us-east-1", kind="waf", position=0, name="acl", dimensions={}
    )
    EdgeApi.objects.filter(slug="orders").delete()

    seed.estate()

    assert Account.objects.get().monthly_budget == 5
    assert api.hops.on_path().filter(kind="waf").exists()
    assert EdgeApi.objects.count() == 3


def test_the_three_people_hold_their_roles(db):
    seed.people("first password")

    assert {user.username: user.role for user in User.objects.all()} == {
        "admin": "admin",
        "operator": "operator",
        "viewer": "viewer",
    }


def test_a_changed_password_is_taken_over_and_an_unchanged_one_left(db):
    seed.people("first password")
    hashed = User.objects.get(username="admin").password
    seed.people("first password")
    assert User.objects.get(username="admin").password == hashed

    seed.people("second password")
    assert all(user.check_password("second password") for user in User.objects.all())


def test_a_production_database_is_never_seeded(db):
    with override_settings(IS_PRODUCTION=True), pytest.raises(CommandError, match="production"):
        call_command("seed_demo")

    assert not EdgeApi.objects.exists()


def test_the_command_prepares_everything_and_plans_the_first_work(db, capsys):
    call_command("seed_demo")
    call_command("seed_demo")

    assert "3 APIs are seeded." in capsys.readouterr().out
    assert (AlarmRule.objects.count(), Endpoint.objects.count()) == (2, 3)
    assert WebhookDelivery.objects.due(timezone.now()).count() == 5
    assert PollBatch.objects.due(timezone.now()).exists()
    assert TraceWindow.objects.due(timezone.now()).exists()


def test_a_database_of_real_accounts_is_left_alone(db):
    Account.objects.create(name="shop", aws_account_id="210987654321", region="eu-west-1")

    with pytest.raises(CommandError, match="DATABASE_URL"):
        call_command("seed_demo")

    assert not User.objects.exists()


def test_a_demo_to_which_the_worlds_other_account_was_added_is_seeded_again(db):
    Account.objects.create(name="payments", aws_account_id="345678901234", region="eu-central-1")

    call_command("seed_demo")

    assert EdgeApi.objects.count() == 3
