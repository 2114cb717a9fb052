import pytest

from edgeops.access.audit import Actor
from edgeops.access.models import Audit
from edgeops.webhooks import rules
from edgeops.webhooks.definitions import Definition, DefinitionError
from edgeops.webhooks.models import RuleVersion
from edgeops.webhooks.rules import NewRule

ADA = Actor("user", "ada")
ONE, TWO = Definition(items=("/one",)), Definition(items=("/two",), when="body.x")


@pytest.fixture
def rule(endpoint, now):
    return rules.add(endpoint, NewRule(" changed ", ONE), actor=ADA, now=now)


def test_each_save_that_changes_something_is_a_version_of_its_own(rule, now):
    first = rule.current
    second = rules.save(rule, TWO, actor=ADA, now=now)
    same = rules.save(rule, Definition(items=(" /two ",), when=" body.x "), actor=ADA, now=now)
    assert (first.number, second.number, same) == (1, 2, second)
    assert rules.definition_of(rule) == TWO
    assert list(RuleVersion.objects.filter(rule=rule).order_by("number").values_list("definition", flat=True)) == [
        {"items": ["/one"]},
        {"items": ["/two"], "when": "body.x"},
    ]
    assert Audit.objects.get(action="webhook_rule.saved").detail == {"items": ["/two"], "when": "body.x"}


def test_a_rule_that_cannot_be_used_leaves_what_holds(rule, now):
    with pytest.raises(DefinitionError):
        rules.save(rule, Definition(items=("/*",)), actor=ADA, now=now)
    assert rule.versions.count() == 1


@pytest.mark.parametrize("name", ["changed", "", "x" * 101])
def test_a_rule_has_a_name_of_its_own(rule, endpoint, now, name):
    with pytest.raises(DefinitionError) as refused:
        rules.add(endpoint, NewRule(name, ONE), actor=ADA, now=now)
    assert refused.value.field == "name"


def test_a_deleted_rule_frees_its_name_and_keeps_its_versions(rule, endpoint, now):
    rules.delete(rule, actor=ADA, now=now)
    rules.delete(rule, actor=ADA, now=now)
    assert rule not in rules.running(endpoint)
    assert rule.versions.count() == 1
    assert rules.add(endpoint, NewRule("changed", TWO), actor=ADA, now=now) in rules.running(endpoint)
    assert Audit.objects.filter(action="webhook_rule.deleted").count() == 1


def test_a_rule_that_is_off_does_not_run_until_it_is_on_again(rule, endpoint, now):
    rules.set_enabled(rule, is_enabled=False, actor=ADA, now=now)
    rules.set_enabled(rule, is_enabled=False, actor=ADA, now=now)
    assert rule not in rules.running(endpoint)
    rules.set_enabled(rule, is_enabled=True, actor=ADA, now=now)
    assert rule in rules.running(endpoint)
    assert Audit.objects.filter(action="webhook_rule.disabled").count() == 1


def test_an_endpoint_has_fifty_rules_at_most(rule, endpoint, now, monkeypatch):
    monkeypatch.setattr(rules, "MAX_RULES", 2)
    with pytest.raises(DefinitionError, match="up to 2 rules"):
        rules.add(endpoint, NewRule("another", TWO), actor=ADA, now=now)
