from dataclasses import replace
from decimal import Decimal

import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.estate import accounts, snapshot
from edgeops.estate.accounts import EstateError
from edgeops.estate.models import Account
from edgeops.estate.plain import DocumentError
from tests.edgeops.estate.documents import SHOP

ADA = Actor(kind="user", name="ada")
ROLE = "arn:aws:iam::123456789012:role/edgeops"


def put(doc, now):
    return accounts.put(doc, actor=ADA, now=now)


def test_an_account_is_added_and_gets_an_external_id_of_edgeops_own_making(db, now):
    account = put(replace(SHOP, role_arn=ROLE, monthly_budget=Decimal(5)), now)

    assert snapshot.account_doc(account) == replace(SHOP, role_arn=ROLE, monthly_budget=Decimal(5))
    assert account.external_id.startswith("edgeops-")
    assert Audit.objects.values_list("action", "actor", "summary").get() == (
        "account.added",
        "ada",
        "AWS account shop is added",
    )


def test_a_changed_account_keeps_its_external_id_and_the_audit_tells_old_and_new(db, now):
    before = put(SHOP, now)

    after = put(replace(SHOP, region="eu-central-1"), now)

    assert (after.pk, after.external_id, after.region) == (before.pk, before.external_id, "eu-central-1")
    told = Audit.objects.get(action="account.changed").detail
    assert (told["old"]["region"], told["new"]["region"]) == ("eu-west-1", "eu-central-1")


def test_the_same_account_again_writes_nothing(db, now):
    put(replace(SHOP, monthly_budget=Decimal(3)), now)
    put(replace(SHOP, monthly_budget=Decimal("3.00")), now)

    assert (Account.objects.count(), Audit.objects.count()) == (1, 1)


def test_a_role_of_another_account_is_refused(db, now):
    put(replace(SHOP, role_arn=ROLE), now)

    with pytest.raises(EstateError, match="is used by the account shop already"):
        put(replace(SHOP, name="twin", role_arn=ROLE), now)

    assert Account.objects.count() == Audit.objects.count() == 1


def test_an_account_id_that_is_not_the_roles_is_refused(db, now):
    with pytest.raises(DocumentError, match="is a role of another AWS account than 999999999999"):
        put(replace(SHOP, aws_account_id="999999999999", role_arn=ROLE), now)

    assert not Account.objects.exists()


def test_an_unused_account_is_removed_with_its_distributions(distribution, account, now):
    accounts.remove(account, actor=ADA, now=now)

    assert not Account.objects.exists()
    audit = Audit.objects.get()
    assert (audit.action, audit.detail["old"]["name"], audit.detail["new"]) == ("account.removed", "demo", None)


def test_an_account_that_apis_use_stays(api, account, now):
    with pytest.raises(EstateError, match="AWS account demo is still used by Products API"):
        accounts.remove(account, actor=ADA, now=now)

    assert Account.objects.exists()
    assert not Audit.objects.exists()


def test_an_account_whose_distribution_was_invalidated_stays_because_of_its_history(asked, api, account, now):
    asked("/prices/*")
    api.delete()

    with pytest.raises(EstateError, match="that history stays readable"):
        accounts.remove(account, actor=ADA, now=now)

    assert account.distributions.exists()
