import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeops.webhooks import item_templates
from edgeops.webhooks.item_templates import MissingFieldError, TemplateError


@pytest.mark.parametrize(
    "template",
    ["/products/{id}", "/products/{id}*", "/a/{b}/c/{d_2}", "/all/*", " /x ", "/{@}", "/{a.b}", "/{fields.slug.en-US}",
     "/{@:path}", "/{key:unquote_plus}", "#product:{id:tag}", "#all-products", "/search?q={term}"],
)  # fmt: skip
def test_a_template_an_admin_may_save(template):
    assert item_templates.check(template) == template.strip()


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("products/{id}", "slash"),
        ("/a/*/b", "last character"),
        ("/*", "never invalidates"),
        ("/{}", "no field's name"),
        ("/{1}", "no field's name"),
        ("/{a..b}", "no field's name"),
        ("/{a b}", "no field's name"),
        ("/{a[0]}", "no field's name"),
        ("/{id:raw}", "no encoding 'raw'"),
        ("/{id:}x{", "brace"),
        ("/{a", "brace"),
        ("/a}", "brace"),
        ("/~{id}", "~"),
        ("", "empty"),
        ("/" + "x" * 1_000, "up to 1,000"),
        ("#{id:tag}", "begin with text"),
        ("#product:{id}", "{id:tag}"),
        ("/{id:tag}", "the encoding tag is for tags"),
        ("#a,b", "comma"),
    ],
)
def test_a_template_that_cannot_work_is_refused(template, why):
    with pytest.raises(TemplateError, match=re.escape(why)):
        item_templates.check(template)


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
    assert item_templates.fill("/products/{id}", {"id": value}) == path


@pytest.mark.parametrize(
    "value",
    ["../admin", "..", ".", "a/b", "/", "*", "a*", "a\\b", "", None, [], {}, True, False, 1.5, 1e400, 10**30, "x" * 501,
     "\ud800", "~x"],
)  # fmt: skip
def test_a_value_that_could_mean_more_is_refused(value):
    with pytest.raises(TemplateError, match=re.escape("/products/{id}: ")):
        item_templates.fill("/products/{id}", {"id": value})


@pytest.mark.parametrize("selected", [{"id": 1}, {"sku": None}, {}, [], "text", 7, None, True])
def test_a_missing_field_is_named(selected):
    with pytest.raises(MissingFieldError, match="no field `sku`"):
        item_templates.fill("/products/{sku}", selected)


@pytest.mark.parametrize(
    ("template", "selected", "item"),
    [
        ("/{@}", "about", "/about"),
        ("/{a.b.c-d}", {"a": {"b": {"c-d": "x"}}}, "/x"),
        ("/{@:path}", "docs/how to/a?.md", "/docs/how%20to/a%3F.md"),
        ("/{@:path}", "/about", "/about"),
        ("/{@:path}", "docs/", "/docs/"),
        ("/{@:path}", "/", "/"),
        ("/{key:unquote_plus}", {"key": "images/my+photo%2B1.jpg"}, "/images/my%20photo%2B1.jpg"),
        ("/{key:unquote_plus}", {"key": "%C3%A9/a"}, "/%C3%A9/a"),
        ("#product:{id:tag}", {"id": "TV/42"}, "#product:tv/42"),
        ("/search?q={term}", {"term": "a&b=c/d" .replace("/", "")}, "/search?q=a%26b%3Dcd"),
    ],
)  # fmt: skip
def test_each_encoding_says_what_a_value_may_be(template, selected, item):
    assert item_templates.fill(item_templates.check(template), selected) == item


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("/{@:path}", "../admin"), ("/{@:path}", "a/../b"), ("/{@:path}", "a//b"), ("/{@:path}", "a/*"),
        ("/{@:path}", "//evil"), ("/{@:path}", "a\\b"), ("/{@:path}", "x" * 2_001),
        ("/{@:unquote_plus}", "%2e%2e/admin"), ("/{@:unquote_plus}", "a%2F..%2Fb"), ("/{@:unquote_plus}", "%2A"),
        ("/{@:unquote_plus}", "%ff"),
        ("#p:{@:tag}", "a,b"), ("#p:{@:tag}", "a b"), ("#p:{@:tag}", "é"), ("#p:{@:tag}", "*"),
        ("#p:{@:tag}", "x" * 300),
    ],
)  # fmt: skip
def test_no_encoding_lets_a_value_mean_more(template, value):
    with pytest.raises(TemplateError):
        item_templates.fill(template, value)


def test_what_exceeds_the_ceiling_never_comes_out():
    ceiling = item_templates.check_ceiling("/docs/*", ("/{@:path}",))
    assert item_templates.fill("/{@:path}", "docs/a", ceiling=ceiling) == "/docs/a"
    for beyond in ("admin/a", "docs", "doc", "Docs/a"):
        with pytest.raises(TemplateError, match="wider than the ceiling"):
            item_templates.fill("/{@:path}", beyond, ceiling=ceiling)
    with pytest.raises(TemplateError, match="wider than the ceiling"):
        item_templates.fill("/doc*", {}, ceiling=ceiling)
    assert item_templates.fill("/{@}", "about", ceiling="/about") == "/about"


@pytest.mark.parametrize(
    ("ceiling", "why"),
    [("/*", "narrower than"), ("#tag", "narrower than"), ("docs/*", "slash"), ("/a/*/b", "last character"),
     ("/blog/*", "can never stay within")],
)  # fmt: skip
def test_a_ceiling_that_bounds_nothing_or_everything_is_refused(ceiling, why):
    with pytest.raises(TemplateError, match=why):
        item_templates.check_ceiling(ceiling, ("/docs/{@:path}",))


VALUES = st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(st.text())
HOSTILE = st.text(alphabet="./\\*%2eEaA#?~+ &;\x00é", max_size=20)


@given(VALUES | HOSTILE)
def test_no_value_escapes_its_segment(value):
    try:
        path = item_templates.fill("/products/{id}/x", {"id": value})
    except TemplateError:
        return
    assert re.fullmatch(r"/products/[^/*?#~\s]+/x", path)
    assert unquote(path) not in {"/products/../x", "/products/./x"}


@given(st.sampled_from(["path", "unquote_plus"]), VALUES | HOSTILE)
def test_no_value_escapes_the_ceiling(encoding, value):
    template = f"/docs/{{@:{encoding}}}"
    try:
        path = item_templates.fill(template, value, ceiling="/docs/*")
    except TemplateError:
        return
    assert path.startswith("/docs/")
    assert not path.endswith("*")
    assert not {".", ".."} & set(unquote(path).split("/"))


@given(st.sampled_from(["/{@:path}", "/{@:unquote_plus}", "/{@}", "/d{@}*", "/docs/{@}*"]), VALUES | HOSTILE)
def test_nothing_that_comes_out_is_beyond_a_ceiling(template, value):
    try:
        path = item_templates.fill(template, value, ceiling="/docs/a*")
    except TemplateError:
        return
    assert item_templates.is_within(path, "/docs/a*")
    assert path.startswith("/docs/a")


@given(VALUES | HOSTILE)
def test_no_value_makes_a_tag_another_kind_of_item(value):
    try:
        tag = item_templates.fill("#p:{@:tag}", value)
    except TemplateError:
        return
    assert re.fullmatch(r"#p:[!-)+\--~]+", tag)
