from dataclasses import replace

from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from edgeops.access.audit import SYSTEM
from edgeops.discovery import adopting
from edgeops.estate import comparing, snapshot
from edgeops.estate.document import EstateDoc, HopDoc
from edgeops.metrics.models import Series
from tests.edgeops.estate.documents import PRODUCTS, SHOP

# Few values each, so that names, ids and dimensions meet in every way they can.
FEW = st.sampled_from(["a", "b"])


@st.composite
def gateways(draw):
    return HopDoc(
        kind="http_api",
        name=draw(FEW),
        region=draw(st.sampled_from(["eu-west-1", "us-east-1"])),
        position=1,
        dimensions=draw(st.just({}) | st.fixed_dictionaries({"ApiId": FEW})),
        aws_id=draw(st.just("") | FEW),
        details=draw(st.just({}) | st.fixed_dictionaries({"stage": FEW})),
    )


PATHS = st.lists(gateways(), max_size=4, unique_by=lambda hop: (hop.region, hop.name, hop.aws_id))
ESTATES = st.builds(
    lambda hops, account: EstateDoc(
        accounts=(SHOP, replace(SHOP, name="other")),
        apis=(replace(PRODUCTS, hops=tuple(hops), account=account),),
    ),
    PATHS,
    st.sampled_from(["shop", "shop", "shop", "other"]),
)


class AdoptingAnything(TestCase):
    @settings(max_examples=25, deadline=None)
    @given(documents=st.lists(ESTATES, min_size=2, max_size=4))
    def test_whatever_came_before_the_estate_becomes_the_document_and_keeps_all_it_read(self, documents):
        series = set()
        for wanted in documents:
            told = adopting.preview(wanted).differences
            assert adopting.adopt(wanted, actor=SYSTEM, now=timezone.now()) == told
            assert comparing.compare(snapshot.current(), wanted) == []
            assert adopting.preview(wanted).differences == []

            stored = set(Series.objects.values_list("pk", flat=True))
            assert series <= stored
            series = stored
            assert not Series.objects.being_read().exclude(hop__retired_at=None).exists()
