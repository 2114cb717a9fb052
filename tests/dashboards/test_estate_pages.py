import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from edgeops.access.models import Audit
from edgeops.alarms import rules
from edgeops.discovery import adopting
from edgeops.estate import snapshot, yaml_text
from edgeops.estate.document import EstateDoc
from edgeops.estate.models import Account, EdgeApi
from edgeops.metrics.models import Series
from tests.edgeops.estate.documents import ESTATE, SHOP

pytestmark = pytest.mark.django_db
PAGE, EXPORT = "/settings/estate/", "/settings/estate/export.yaml"
IMPORT, APPLY = "/settings/estate/import/", "/settings/estate/apply/"
TEXT = yaml_text.dump(ESTATE)
RENAMED = TEXT.replace("name: Products API", "name: Shop API")


@pytest.fixture
def admin(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def operated(actor, now, db):
    adopting.adopt(ESTATE, actor=actor, now=now)
    return EdgeApi.objects.get()


def shown(response):
    """What the confirmation of a preview would send."""
    return {"shown": html.unescape(re.search(r'name="shown" value="([^"]+)"', response.text)[1])}


def text_area(response):
    return html.unescape(re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", response.text, re.DOTALL)[1])


def test_an_export_imported_again_would_change_nothing(admin, operated):
    exported = admin.get(EXPORT)

    assert exported["Content-Type"] == "application/yaml; charset=utf-8"
    assert exported["Content-Disposition"] == 'attachment; filename="edgeops-estate.yaml"'
    assert yaml_text.load(exported.content) == ESTATE
    assert Account.objects.get().external_id not in exported.text
    assert "Nothing would change" in admin.post(IMPORT, {"text": exported.text}).text


def test_a_viewer_exports_and_is_not_offered_to_import(client, vera, operated):
    client.force_login(vera)

    page = client.get(PAGE).text
    assert EXPORT in page
    assert "<textarea" not in page
    assert client.get(EXPORT).status_code == 200
    assert client.post(IMPORT, {"text": TEXT}).status_code == 403
    assert client.post(APPLY, {"shown": "x"}).status_code == 403


def test_an_import_is_shown_then_confirmed_then_listed(admin):
    preview = admin.post(IMPORT, {"text": TEXT})
    assert "Nothing is changed yet." in preview.text
    assert "AWS account shop" in preview.text
    assert "CloudFront E1PRODUCTSDEMO → API Gateway (REST) products-api → Lambda products-handler" in preview.text
    assert not Account.objects.exists()

    done = admin.post(APPLY, shown(preview), follow=True)

    assert done.redirect_chain == [(PAGE, 302)]
    assert "The estate was changed: 2 changes, listed below." in done.text
    assert '<a href="/apis/products/">API Products API (products) is added.</a>' in done.text
    assert '<a href="/settings/accounts/shop/">AWS account shop is added</a>' in done.text
    assert snapshot.current() == ESTATE
    assert set(Audit.objects.values_list("actor", "address")) == {("ada", "127.0.0.1")}


def test_a_changed_value_is_shown_old_and_new(admin, operated):
    preview = admin.post(IMPORT, {"text": RENAMED})

    assert '<del class="muted">Products API</del> → Shop API' in preview.text
    assert "What the text leaves out stays as it is." in preview.text
    assert EdgeApi.objects.get().name == "Products API"


def test_an_uploaded_file_is_read_like_a_pasted_text_and_can_be_corrected(admin):
    upload = SimpleUploadedFile("estate.yaml", b"\xef\xbb\xbf" + TEXT.encode())
    preview = admin.post(IMPORT, {"file": upload})
    assert text_area(preview) == TEXT
    admin.post(APPLY, shown(preview))
    assert snapshot.current() == ESTATE

    wrong = admin.post(IMPORT, {"file": SimpleUploadedFile("estate.yaml", TEXT.replace("eu-west-1", "mars").encode())})
    assert "Line 7: accounts[0].region: “mars” is no AWS region" in wrong.text
    assert text_area(wrong) == TEXT.replace("eu-west-1", "mars")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("accounts: [\n", "Line 2: this is not YAML"),
        ("accounts: &x []\napis: *x\n", "Line 1: anchors and aliases (&x, *x) are not allowed"),
        (TEXT.replace("kind: lambda", "kind: ec2"), "apis[0].hops[2].kind: “ec2” is not known"),
        (TEXT.replace("  - name: shop", "  - name: mine"), "apis[0].account: no account is called shop"),
        ("", "There is nothing in this text."),
        ("name: \x00", "Null characters are not allowed."),
    ],
)
def test_a_text_that_cannot_be_is_refused_and_not_lost(admin, text, words):
    response = admin.post(IMPORT, {"text": text})

    assert response.status_code == 200
    assert "Nothing was changed. What is wrong is said beside the field." in response.text
    assert html.escape(words, quote=False) in response.text
    assert text_area(response) == text
    assert not Audit.objects.exists()


@pytest.mark.parametrize(
    ("upload", "words"),
    [
        (b"accounts: []\nname: caf\xe9\n", "Line 2: this is not UTF-8 text. Save the file as UTF-8."),
        (b"\x00", "is not allowed in YAML"),
        (b"a" * 2 * 1024 * 1024, "1 MiB is the most"),
        (b"", "The submitted file is empty."),
    ],
)
def test_a_file_that_cannot_be_is_refused(admin, upload, words):
    response = admin.post(IMPORT, {"file": SimpleUploadedFile("estate.yaml", upload)})

    assert words in response.text


def test_a_paste_of_two_mebibytes_is_refused_in_words(admin):
    response = admin.post(IMPORT, {"text": "a" * 2 * 1024 * 1024})

    assert response.status_code == 413
    assert "This is too much for one form" in response.text


def test_a_text_and_a_file_at_once_are_refused(admin):
    response = admin.post(IMPORT, {"text": TEXT, "file": SimpleUploadedFile("estate.yaml", b"apis: []")})

    assert "Paste a text or choose a file, not both." in response.text
    assert text_area(response) == TEXT


def test_what_the_domain_refuses_is_said_beside_the_text(admin, operated, condition, actor, now):
    errors = Series.objects.get(hop__kind="lambda", metric="Errors", statistic="Sum")
    rules.create(api=operated, name="errors", series=errors, condition=condition, actor=actor, now=now)
    text = yaml_text.dump(EstateDoc(accounts=(SHOP,)))

    response = admin.post(IMPORT, {"text": text, "remove_missing": "on"})

    assert "API Products API is watched by 1 alarm. Disable or delete what watches it first" in response.text
    assert text_area(response) == text
    assert re.search(r'name="remove_missing"[^>]* checked', response.text)


def test_what_is_missing_is_removed_only_where_that_is_asked_for(admin, operated):
    text = yaml_text.dump(EstateDoc(accounts=(SHOP,)))
    assert "Nothing would change" in admin.post(IMPORT, {"text": text}).text

    preview = admin.post(IMPORT, {"text": text, "remove_missing": "on"})
    assert "With it go its 22 series" in preview.text
    done = admin.post(APPLY, shown(preview), follow=True)

    assert "The estate was changed: 1 change, listed below." in done.text
    assert not EdgeApi.objects.exists()


def test_an_estate_that_changed_since_it_was_shown_is_compared_again(admin, operated, actor, now):
    preview = admin.post(IMPORT, {"text": RENAMED})
    changed = yaml_text.load(TEXT.replace("position: 2", "position: 3"))
    adopting.adopt(changed, actor=actor, now=now)

    again = admin.post(APPLY, shown(preview))

    assert "Somebody has changed the estate since this was shown, so nothing was changed." in again.text
    assert '<del class="muted">3</del> → 2' in again.text
    assert snapshot.current() == changed
    admin.post(APPLY, shown(again))
    assert snapshot.current() == yaml_text.load(RENAMED)


def test_a_confirmation_sent_twice_is_done_once(admin, operated):
    preview = admin.post(IMPORT, {"text": RENAMED})
    admin.post(APPLY, shown(preview))
    audits = Audit.objects.count()

    twice = admin.post(APPLY, shown(preview))

    assert "Somebody has changed the estate" in twice.text
    assert "Nothing would change" in twice.text
    assert Audit.objects.count() == audits


@pytest.mark.parametrize("forged", ["", "x", "eyJ0ZXh0IjoiIn0:1vN:abc"])
def test_only_what_was_shown_can_be_applied(admin, operated, forged):
    done = admin.post(APPLY, {"shown": forged}, follow=True)

    assert "This confirmation cannot be read any more, so nothing was changed." in done.text
    assert snapshot.current() == ESTATE


def test_names_are_text_and_never_markup(admin):
    text = TEXT.replace("name: Products API", "name: '<script>alert(1)</script>'")

    preview = admin.post(IMPORT, {"text": text})

    assert "<script>alert(1)" not in preview.text
    admin.post(APPLY, shown(preview))
    assert "<script>alert(1)" not in admin.get(PAGE).text


def test_what_was_removed_is_listed_without_a_link(admin, operated):
    admin.post(
        APPLY, shown(admin.post(IMPORT, {"text": yaml_text.dump(EstateDoc(accounts=(SHOP,))), "remove_missing": "on"}))
    )

    page = admin.get(PAGE).text
    assert "API Products API (products) is removed." in page
    assert "/apis/products/" not in page


def test_the_page_costs_few_queries(admin, operated, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        admin.get(PAGE)
