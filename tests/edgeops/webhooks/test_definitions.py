from dataclasses import replace

import pytest

from edgeops.webhooks import definitions
from edgeops.webhooks.definitions import Definition, DefinitionError

FULL = Definition(
    items=("/products/{id}", "#product:{id:tag}"),
    when="contains(['product.updated', 'product.deleted'], body.type)",
    select="body.data",
    optional=("/products/{old_slug}",),
    ceiling="/products/*",
    max_items=200,
    not_before_seconds=2,
    unwrap="body.Message",
)


def test_a_definition_is_stored_without_what_says_nothing_and_read_back_whole():
    assert Definition.of(definitions.check(FULL).stored) == FULL
    plain = definitions.check(Definition(items=("/a",)))
    assert plain.stored == {"items": ["/a"]}
    assert Definition.of(plain.stored) == plain


@pytest.mark.parametrize(
    ("change", "field", "why"),
    [
        ({"items": ()}, "items", "at least one"),
        ({"items": ("/*",)}, "items", "never invalidates"),
        ({"optional": ("/{",)}, "optional", "brace"),
        ({"when": "body."}, "when", "character 5"),
        ({"select": "nothing(body)"}, "select", "no function"),
        ({"unwrap": "body type"}, "unwrap", "character 6"),
        ({"ceiling": "/*"}, "ceiling", "narrower"),
        ({"ceiling": "/blog/*"}, "ceiling", "can never stay within"),
        ({"ceiling": ""}, "ceiling", "needs one"),
        ({"max_items": 0}, "max_items", "From 1"),
        ({"max_items": 3_001}, "max_items", "From 1"),
        ({"not_before_seconds": -1}, "not_before_seconds", "waits"),
        ({"not_before_seconds": 3_601}, "not_before_seconds", "waits"),
        ({"items": tuple(f"/products/{n}" for n in range(51))}, "items", "up to 50"),
        ({"items": tuple(f"/products/{n}/*" for n in range(16))}, "items", "16 wildcards"),
    ],
)
def test_a_definition_that_cannot_be_used_names_the_field_to_mend(change, field, why):
    with pytest.raises(DefinitionError, match=why) as refused:
        definitions.check(replace(FULL, **change))
    assert refused.value.field == field


def test_an_empty_selection_means_the_whole_body():
    assert definitions.check(Definition(items=("/a",), select=" ")).select == "body"
