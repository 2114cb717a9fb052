import time
from dataclasses import replace
from decimal import Decimal

import pytest
import yaml
from hypothesis import given

from edgeops.estate import yaml_text
from edgeops.estate.document import AccountDoc, EstateDoc
from edgeops.estate.yaml_text import TextError
from tests.edgeops.estate.documents import EDGE, ESTATE, FUNCTION, GATEWAY, PRODUCTS, SHOP, estates

BOMB = "a: &a [x, x]\n" + "".join(
    f"{one}: &{one} [*{two}, *{two}]\n" for two, one in zip("abcdefg", "bcdefgh", strict=True)
)
ACCOUNT = "accounts:\n  - name: shop\n    aws_account_id: '123456789012'\n    region: eu-west-1\n"


@given(doc=estates())
def test_a_document_comes_back_whole_from_its_text(doc):
    text = yaml_text.dump(doc)

    assert yaml_text.load(text) == yaml_text.load(text.encode()) == doc
    assert yaml_text.dump(yaml_text.load(text)) == text


@pytest.mark.parametrize("text", ["\x85", "a\x85b", "\u2028", "a\u2029"])
def test_the_ends_of_lines_that_unicode_adds_come_back(text):
    odd = replace(FUNCTION, details={text: text})
    doc = replace(ESTATE, apis=(replace(PRODUCTS, hops=(*PRODUCTS.hops[:-1], odd)),))

    written = yaml_text.dump(doc)

    assert yaml_text.load(written) == yaml_text.plain.estate_from_plain(yaml.safe_load(written)) == doc


@given(doc=estates())
def test_other_readers_of_yaml_understand_it_alike(doc):
    assert yaml_text.plain.estate_from_plain(yaml.safe_load(yaml_text.dump(doc))) == doc


def test_it_is_readable():
    body = yaml_text.dump(replace(ESTATE, accounts=(replace(SHOP, monthly_budget=Decimal("12.50")),)))

    assert body.startswith("# The estate EdgeOps operates")
    assert body.removeprefix(yaml_text.HEADER) == (
        "accounts:\n"
        "  - name: shop\n"
        "    aws_account_id: '123456789012'\n"
        "    region: eu-west-1\n"
        "    monthly_budget: '12.50'\n"
        "apis:\n"
        "  - slug: products\n"
        "    name: Products API\n"
        "    account: shop\n"
        "    region: eu-west-1\n"
        "    distribution:\n"
        "      aws_id: E1PRODUCTSDEMO\n"
        "      name: products\n"
        "      domain: d1products00demo.cloudfront.net\n"
        "      aliases:\n"
        "        - products.example.test\n"
        "        - www.example.test\n"
        "      has_additional_metrics: true\n"
        "    hops:\n"
        "      - kind: cloudfront\n"
        "        name: E1PRODUCTSDEMO\n"
        "        region: us-east-1\n"
        "        position: 0\n"
        "        dimensions:\n"
        "          DistributionId: E1PRODUCTSDEMO\n"
        "          Region: Global\n"
        "      - kind: rest_api\n"
        "        name: products-api\n"
        "        region: eu-west-1\n"
        "        position: 1\n"
        "        dimensions:\n"
        "          ApiName: products-api\n"
        "          Stage: prod\n"
        "        aws_id: a1b2c3d4e5\n"
        "      - kind: lambda\n"
        "        name: products-handler\n"
        "        region: eu-west-1\n"
        "        position: 2\n"
        "        dimensions:\n"
        "          FunctionName: products-handler\n"
        "        details:\n"
        "          layers:\n"
        "            - a\n"
        "            - null\n"
        "          memory_mb: 512\n"
    )


def test_the_order_in_which_a_database_gives_details_does_not_show():
    turned = replace(FUNCTION, details=dict(reversed(FUNCTION.details.items())))

    assert yaml_text.dump(replace(ESTATE, apis=(replace(PRODUCTS, hops=(turned,)),))) == yaml_text.dump(
        replace(ESTATE, apis=(replace(PRODUCTS, hops=(FUNCTION,)),))
    )


@pytest.mark.parametrize("identity", ["123456789012", "'012345678901'", "012345678901", '"012345678901"'])
def test_an_account_id_may_stand_without_quotes(identity):
    text = ACCOUNT.replace("'123456789012'", identity)

    assert yaml_text.load(text).accounts == (
        AccountDoc(name="shop", aws_account_id=identity.strip("'\""), region="eu-west-1"),
    )


@pytest.mark.parametrize("word", ["yes", "on", "2026-11-22", "1_000", "12:30", "1e3", "0x1f", ".inf", "Null"])
def test_words_that_yaml_makes_something_of_stay_text(word):
    raw = yaml.safe_load(yaml_text.dump(ESTATE))
    raw["apis"][0]["name"] = "WORD"

    assert yaml_text.load(yaml.safe_dump(raw).replace("WORD", word)).apis[0].name == word


def test_a_text_with_a_byte_order_mark_and_windows_line_ends_is_read():
    assert yaml_text.load(b"\xef\xbb\xbf" + ACCOUNT.replace("\n", "\r\n").encode()).accounts == (SHOP,)
    assert yaml_text.load("\ufeff" + ACCOUNT).accounts == (SHOP,)


def test_an_account_that_is_known_need_not_stand_in_the_text():
    text = yaml_text.dump(EstateDoc(apis=(PRODUCTS,)))

    assert yaml_text.load(text, known_accounts=["shop"]).apis == (PRODUCTS,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "There is nothing in this text."),
        ("# only a comment\n", "There is nothing in this text."),
        ("accounts: [\n", "Line 2: this is not YAML: did not find expected node content."),
        ("a: b: c\n", "Line 1: this is not YAML: mapping values are not allowed in this context."),
        ("accounts:\n\t- a\n", "Line 2: this is not YAML: found character that cannot start any token."),
        ("accounts:\n  - name: 'shop\n", "this is not YAML: found unexpected end of stream."),
        ("a: 1\nb: \x00\n", "Line 2: the character"),
        ("é: 1\nb: \x07\n", "Line 2: the character"),
        (BOMB, "Line 1: anchors and aliases (&a, *a) are not allowed: write it out."),
        ("accounts: []\napis: *x\n", "Line 2: anchors and aliases (&x, *x) are not allowed"),
        ("<<: *x\n", "Line 1: anchors and aliases"),
        ("&a a: 1\n", "Line 1: anchors and aliases (&a, *a)"),
        ("*a : 1\n", "Line 1: a name must be text"),
        ("accounts:\n  - !!python/object/apply:os.system ['true']\n", "Line 2: the tag tag:yaml.org,2002:python"),
        ("accounts: !!str 1\n", "Line 1: the tag tag:yaml.org,2002:str is not allowed: write the plain value."),
        ("accounts: ! x\n", "Line 1: the tag ! is not allowed"),
        ("!x a: 1\n", "Line 1: the tag !x is not allowed"),
        ("? [a, b]\n: c\n", "Line 1: a name must be text, not a list, a mapping or an alias."),
        ("apis: []\naccounts: []\napis: []\n", "Line 3: “apis” stands here for the second time."),
        ("apis: []\n---\naccounts: []\n", "Line 2: a second document begins here; one is allowed."),
        ("[" * 5000, "Line 1: this is nested more than 20 deep."),
        ("a:\n" + "".join(" " * depth + "- \n" for depth in range(1, 40)) + " " * 41 + "b", "nested more than 20 deep"),
        ("- a\n", "Line 1: must be a mapping of names to values, not a list."),
        ("estate\n", "Line 1: must be a mapping of names to values, not text."),
        ("null\n", "Line 1: must be a mapping of names to values, not nothing."),
        (ACCOUNT.replace("eu-west-1", "eu-west-9"), "Line 4: accounts[0].region: “eu-west-9” is no AWS region"),
        (ACCOUNT.replace("'123456789012'", "1234"), "Line 3: accounts[0].aws_account_id: is a number"),
        (ACCOUNT + "    nmae: x\n", "Line 2: accounts[0]: “nmae” is not known here"),
        (ACCOUNT + "    monthly_budget: " + "9" * 5000 + "\n", "Line 5: accounts[0].monthly_budget"),
        (ACCOUNT + "apis:\n  - slug: x\n", "Line 6: apis[0]: hops is missing."),
    ],
)  # fmt: skip
def test_what_is_no_estate_is_refused_with_its_line(text, words):
    with pytest.raises(TextError) as refused:
        yaml_text.load(text)

    assert words in str(refused.value)


def test_the_line_of_a_value_deep_inside_is_named():
    text = yaml_text.dump(ESTATE).replace("kind: rest_api", "kind: ec2")

    with pytest.raises(TextError) as refused:
        yaml_text.load(text)

    line = text.splitlines()[refused.value.line - 1]
    assert line.strip() == "- kind: ec2"
    assert "apis[0].hops[1].kind: “ec2” is not known; allowed are cloudfront" in str(refused.value)


def test_text_that_is_not_utf_8_is_refused():
    with pytest.raises(TextError, match=r"^Line 2: this is not UTF-8 text\. Save the file as UTF-8\.$"):
        yaml_text.load(b"accounts: []\nname: caf\xe9\n")
    with pytest.raises(TextError, match="half a character"):
        yaml_text.load("name: \ud800")


def test_too_much_is_refused_at_once():
    started = time.monotonic()

    with pytest.raises(TextError, match=r"^This is 2\.0 MiB; 1 MiB is the most\. .* import it in parts\.$"):
        yaml_text.load("a" * 2 * 1024 * 1024)

    assert time.monotonic() - started < 1


def test_a_full_mebibyte_is_read_in_good_time():
    hops = tuple(replace(GATEWAY, name=f"api-{number}", aws_id=f"id-{number}") for number in range(60))
    apis = tuple(
        replace(PRODUCTS, slug=f"api-{number}", name=f"API {number}", hops=hops, distribution=EDGE)
        for number in range(80)
    )
    text = yaml_text.dump(replace(ESTATE, apis=apis))
    assert 800_000 < len(text) <= yaml_text.MAX_BYTES
    started = time.monotonic()

    assert yaml_text.load(text).apis == apis

    assert time.monotonic() - started < 10
