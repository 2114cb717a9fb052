import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.webhooks import path_templates
from edgeops.webhooks.path_templates import TemplateError


@pytest.mark.parametrize("template", ["/products/{id}", "/products/{id}*", "/a/{b}/c/{d_2}", "/all/*", " /x "])
def test_a_template_an_admin_may_save(template):
    assert path_templates.check(template) == template.strip()


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("products/{id}", "slash"),
        ("/a/*/b", "last character"),
        ("/*", "never invalidates"),
        ("/{}", "not a field"),
        ("/{a.b}", "not a field"),
        ("/{1}", "not a field"),
        ("/{a", "brace"),
        ("/a}", "brace"),
        ("/~{id}", "~"),
        ("", "empty"),
    ],
)
def test_a_template_that_cannot_work_is_refused(template, why):
    with pytest.raises(TemplateError, match=why):
        path_templates.check(template)


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (7, "/products/7"),
        (0, "/products/0"),
        ("tv-42", "/products/tv-42"),
        ("%2e%2e", "/products/%252e%252e"),
        ("1?x", "/products/1%3Fx"),
        ("#", "/products/%23"),
        ("a b", "/products/a%20b"),
        ("é", "/products/%C3%A9"),
    ],
)
def test_a_value_becomes_one_path_segment(value, path):
    assert path_templates.fill("/products/{id}", {"id": value}) == path


@pytest.mark.parametrize(
    "value",
    ["../admin", "..", ".", "a/b", "/", "*", "a*", "a\\b", "", None, [], {}, True, False, 1.5, 1e400, 10**30, "x" * 501,
     "\ud800", "~x"],
)  # fmt: skip
def test_a_value_that_could_mean_more_is_refused(value):
    with pytest.raises(TemplateError, match=re.escape("/products/{id}: ")):
        path_templates.fill("/products/{id}", {"id": value})


def test_a_missing_field_is_named():
    with pytest.raises(TemplateError, match="no field `sku`"):
        path_templates.fill("/products/{sku}", {"id": 1})


@given(st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(st.text()))
def test_no_value_widens_a_template(value):
    try:
        path = path_templates.fill("/products/{id}", {"id": value})
    except TemplateError:
        return
    assert re.fullmatch(r"/products/[^/*?#~\s]+", path)
