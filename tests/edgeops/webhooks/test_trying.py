import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.webhooks import definitions, item_templates, trying
from edgeops.webhooks.definitions import Definition
from edgeops.webhooks.trying import Document

PUSH = definitions.check(
    Definition(
        when="headers.\"x-github-event\" == 'push' && body.ref == 'refs/heads/main'",
        select="body.commits[].[added, modified, removed][][] | [?starts_with(@, 'docs/')]",
        items=("/{@:path}",),
        max_items=200,
        ceiling="/docs/*",
    )
)
PRODUCT = definitions.check(
    Definition(
        when="contains(['product.updated', 'product.deleted'], body.type)",
        select="body.data",
        items=("/products/{id}", "#product:{id:tag}"),
        optional=("/products/{old_slug}",),
        ceiling="/products/*",
    )
)
S3 = definitions.check(
    Definition(unwrap="body.Message", select="body.Records[].s3.object", items=("/{key:unquote_plus}",))
)


def push(*files, ref="refs/heads/main", event="push", **more):
    commit = {"added": list(files), "modified": [], "removed": []}
    return Document({"x-github-event": event}, {"ref": ref, "commits": [commit], **more})


def product(**data):
    return Document({}, {"type": "product.updated", "data": data})


def test_a_push_makes_the_paths_of_its_documents_each_once():
    trial = trying.try_rule(PUSH, push("docs/a b.md", "docs/a b.md", "src/x.py", "docs/é.md"))
    assert trial.items == ("/docs/a%20b.md", "/docs/%C3%A9.md")
    assert (trial.matches, trial.problems) == (True, ())
    assert trial.explanation == ("Selected 3 objects, which make 2 items.",)


@pytest.mark.parametrize("event", [push("docs/a", ref="refs/heads/other"), push("docs/a", event="create")])
def test_a_condition_that_does_not_hold_makes_nothing(event):
    trial = trying.try_rule(PUSH, event)
    assert (trial.matches, trial.items, trial.problems) == (False, (), ())


def test_five_thousand_files_of_a_push_collapse_to_the_ceiling():
    trial = trying.try_rule(PUSH, push(*(f"docs/{number}.md" for number in range(5_000))))
    assert trial.items == ("/docs/*",)
    assert "collapsed to the ceiling /docs/*" in trial.explanation[-1]


def test_where_there_are_too_many_tags_and_no_path_the_ceiling_covers_nothing_and_is_left_out():
    tags = definitions.check(Definition(items=("#p:{@:tag}",), optional=("/p/{x}",), max_items=1, ceiling="/p/*"))
    assert trying.try_rule(tags, Document({}, ["a", "b"])).items == ("#p:a", "#p:b")


def test_a_push_that_deletes_a_branch_has_no_commits_and_makes_nothing():
    trial = trying.try_rule(PUSH, push(deleted=True, head_commit=None))
    assert (trial.matches, trial.items, trial.problems) == (True, (), ())
    none = trying.try_rule(PUSH, Document({"x-github-event": "push"}, {"ref": "refs/heads/main", "deleted": True}))
    assert (none.matches, none.items, none.problems) == (True, (), ())


def test_a_rename_takes_the_old_path_and_the_new_one():
    assert trying.try_rule(PRODUCT, product(id="tv", old_slug="telly")).items == (
        "/products/tv", "#product:tv", "/products/telly"
    )  # fmt: skip


@pytest.mark.parametrize("data", [{"id": "tv"}, {"id": "tv", "old_slug": None}])
def test_an_optional_template_is_left_out_where_its_field_is_missing(data):
    trial = trying.try_rule(PRODUCT, product(**data))
    assert (trial.items, trial.problems) == (("/products/tv", "#product:tv"), ())


def test_an_optional_template_whose_value_does_not_fit_is_told():
    trial = trying.try_rule(PRODUCT, product(id="tv", old_slug="../x"))
    assert trial.items == ("/products/tv", "#product:tv")
    assert "old_slug" in trial.problems[0]


def test_a_field_missing_in_one_of_fifty_records_leaves_the_others():
    rule = definitions.check(Definition(select="body[]", items=("/p/{id}",)))
    records = [{"id": number} if number != 17 else {} for number in range(50)]
    trial = trying.try_rule(rule, Document({}, records))
    assert len(trial.items) == 49
    assert trial.problems == ("/p/{id}: the selected object has no field `id`.",)


def test_many_problems_are_told_in_few_lines():
    rule = definitions.check(Definition(select="body[]", items=("/p/{id}",)))
    trial = trying.try_rule(rule, Document({}, [{"id": f"a/{number}"} for number in range(5_000)]))
    assert trial.items == ()
    assert len(trial.problems) == 6
    assert trial.problems[-1] == "And 4,995 more like these."


@pytest.mark.parametrize("files", [("docs",), ("../docs/a",), ("docs/../admin",), ("docs/*",)])
def test_what_is_wider_than_the_ceiling_is_a_problem_and_never_an_item(files):
    rule = definitions.check(Definition(select="body.commits[].added[]", items=("/{@:path}",), ceiling="/docs/*"))
    trial = trying.try_rule(rule, push(*files))
    assert trial.items == ()
    assert trial.problems


def test_an_s3_event_inside_an_sns_message_is_unwrapped():
    inner = {"Records": [{"s3": {"object": {"key": "images/my+photo%281%29.jpg"}}}]}
    document = trying.read({}, json.dumps({"Type": "Notification", "Message": json.dumps(inner)}).encode())
    assert trying.try_rule(S3, document).items == ("/images/my%20photo%281%29.jpg",)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (None, "finds no text"),
        ({}, "finds no text"),
        ("hello", "no JSON"),
        ("[" * 100_000, "too deeply"),
        ("\ud800", "no JSON"),
    ],
)
def test_what_cannot_be_unwrapped_is_a_problem(message, why):
    trial = trying.try_rule(S3, Document({}, {"Message": message}))
    assert (trial.matches, trial.items) == (True, ())
    assert why in trial.problems[0]


def test_s3s_test_event_selects_nothing():
    document = Document({}, {"Message": '{"Service": "Amazon S3", "Event": "s3:TestEvent"}'})
    trial = trying.try_rule(S3, document)
    assert (trial.items, trial.problems) == ((), ())


def test_an_expression_that_fails_on_an_event_is_a_problem_that_names_the_field():
    rule = definitions.check(Definition(when="starts_with(body.ref, 'refs/')", items=("/a",)))
    trial = trying.try_rule(rule, Document({}, {}))
    assert trial.problems[0].startswith("when: In function starts_with()")


def test_more_objects_than_one_event_may_name_are_refused():
    rule = definitions.check(Definition(select="body", items=("/{@}",)))
    trial = trying.try_rule(rule, Document({}, list(range(10_001))))
    assert (trial.items, trial.problems) == ((), ("select finds 10,001 objects; 10,000 are the most for one event.",))


def test_more_items_than_can_be_sent_are_refused_where_the_rule_does_not_collapse():
    rule = definitions.check(Definition(select="body", items=("/{@}",)))
    trial = trying.try_rule(rule, Document({}, list(range(3_001))))
    assert trial.items == ()
    assert "3,001 paths" in trial.problems[0]


@pytest.mark.parametrize(
    "value", ["../admin", "a/b", "*", "#/../x", "", None, [], {}, True, 1e400, float("inf"), "\ud800"]
)
def test_a_hostile_value_is_a_problem_and_never_an_item(value):
    trial = trying.try_rule(PRODUCT, product(id=value))
    assert not [item for item in trial.items if item.startswith("/")]
    assert trial.problems


@pytest.mark.parametrize(("value", "item"), [("%2e%2e", "%252e%252e"), ("1?x", "1%3Fx"), ("#", "%23"), (0, "0")])
def test_a_strange_value_stays_one_segment(value, item):
    assert f"/products/{item}" in trying.try_rule(PRODUCT, product(id=value)).items


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(JSON, st.sampled_from([PUSH, PRODUCT, S3]))
def test_no_event_makes_more_than_the_ceiling_or_an_error_of_ours(body, rule):
    for event in (body, {"type": "product.updated", "data": body}, {"ref": "refs/heads/main", "commits": body}):
        trial = trying.try_rule(rule, Document({"x-github-event": "push"}, event))
        assert all(item_templates.is_within(item, rule.ceiling) for item in trial.items if rule.ceiling)
        assert "/*" not in trial.items
