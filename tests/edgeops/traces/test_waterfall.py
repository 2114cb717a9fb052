import itertools
import json
import math

from hypothesis import given
from hypothesis import strategies as st

from edgeops.traces import waterfall

LAMBDA = {
    "id": "c" * 16,
    "parent_id": "b" * 16,
    "name": "products-handler",
    "origin": "AWS::Lambda::Function",
    "start_time": 100.2,
    "end_time": 100.9,
    "fault": True,
    "cause": {
        "exceptions": [
            {
                "id": "e" * 16,
                "type": "TimeoutError",
                "message": "no answer from products-table",
                "stack": [{"path": "app.py", "line": 12, "label": "load"}],
            }
        ]
    },
    "annotations": {"product": "tv", "retries": 2, "cold": False},
    "subsegments": [
        {"id": "2" * 16, "name": "DynamoDB", "namespace": "aws", "start_time": 100.5, "end_time": 100.8, "fault": True},
        {"id": "1" * 16, "name": "Initialization", "start_time": 100.2, "end_time": 100.3},
    ],
}
STAGE = {
    "id": "a" * 16,
    "name": "products-api/prod",
    "origin": "AWS::ApiGateway::Stage",
    "start_time": 100.0,
    "end_time": 101.0,
    "fault": True,
    "http": {"request": {"method": "GET", "url": "https://products.example.test/7"}, "response": {"status": 502}},
    "subsegments": [{"id": "b" * 16, "name": "Lambda", "start_time": 100.1, "end_time": 100.95, "fault": True}],
}


def names(flow):
    return [(row.depth, row.span.name) for row in flow.rows]


def test_nested_and_separate_segments_form_one_tree_in_order_of_time():
    assert names(waterfall.build([LAMBDA, STAGE])) == [
        (0, "products-api/prod"),
        (1, "Lambda"),
        (2, "products-handler"),
        (3, "Initialization"),
        (3, "DynamoDB"),
    ]


def test_a_row_knows_its_place_in_seconds_and_in_percent():
    flow = waterfall.build([STAGE, LAMBDA])
    handler = flow.rows[2]
    assert math.isclose(flow.total_seconds, 1.0)
    assert math.isclose(handler.offset_seconds, 0.2)
    assert math.isclose(handler.duration_seconds, 0.7)
    assert (handler.left_percent, handler.width_percent) == (20.0, 70.0)
    assert [percent for percent, _ in flow.ticks] == [0, 25, 50, 75, 100]
    assert math.isclose(flow.ticks[1][1], 0.25)


def test_a_row_carries_what_its_segment_says():
    stage, _, handler, *_ = waterfall.build([STAGE, LAMBDA]).rows
    assert (stage.span.method, stage.span.url, stage.span.status) == ("GET", "https://products.example.test/7", 502)
    assert stage.span.origin == "AWS::ApiGateway::Stage"
    (exception,) = handler.span.exceptions
    assert (exception.kind, exception.message) == ("TimeoutError", "no answer from products-table")
    assert exception.frames == ("app.py:12 load",)
    assert handler.span.annotations == (("product", "tv"), ("retries", "2"), ("cold", "false"))
    assert "subsegments" not in json.loads(handler.span.raw)


def test_the_guilty_segment_is_the_deepest_fault():
    flow = waterfall.build([STAGE, LAMBDA])
    assert flow.guilty.span.name == "DynamoDB"
    assert [row.span.name for row in flow.rows if row.is_guilty] == ["DynamoDB"]


def test_a_fault_outweighs_a_deeper_error_and_a_clean_trace_has_nobody_to_blame():
    error = {"id": "2", "parent_id": "1", "name": "404 below", "start_time": 1.1, "end_time": 1.2, "error": True}
    fault = {"id": "1", "name": "fault above", "start_time": 1.0, "end_time": 2.0, "fault": True}
    assert waterfall.build([error, fault]).guilty.span.name == "fault above"
    assert waterfall.build([error]).guilty.span.state == "error"
    assert waterfall.build([{**error, "throttle": True}]).guilty.span.state == "throttle"
    assert waterfall.build([{"id": "1", "name": "fine", "start_time": 1.0, "end_time": 2.0}]).guilty is None


def test_a_call_is_blamed_before_the_segment_x_ray_inferred_from_it():
    call = LAMBDA["subsegments"][0]
    inferred = {**call, "id": "3" * 16, "parent_id": call["id"], "inferred": True}
    flow = waterfall.build([STAGE, LAMBDA, inferred])
    assert [(row.depth, row.span.is_inferred) for row in flow.rows if row.span.name == "DynamoDB"] == [
        (3, False),
        (4, True),
    ]
    assert flow.guilty.span.is_inferred is False


def test_a_segment_still_running_has_no_duration_and_reaches_to_the_end():
    running = {"id": "2", "parent_id": "1", "name": "running", "start_time": 11.0, "in_progress": True}
    row = waterfall.build([{"id": "1", "name": "root", "start_time": 10.0, "end_time": 14.0}, running]).rows[1]
    assert row.span.is_in_progress
    assert row.duration_seconds is None
    assert (row.left_percent, row.width_percent) == (25.0, 75.0)


def test_a_cause_that_is_an_id_is_the_exception_of_the_segment_that_has_it():
    caller = {"id": "1", "name": "caller", "start_time": 100.0, "end_time": 101.0, "fault": True, "cause": "e" * 16}
    stranger = {**caller, "id": "9", "name": "stranger", "cause": "f" * 16}
    spans = {row.span.name: row.span for row in waterfall.build([caller, stranger, LAMBDA]).rows}
    assert spans["caller"].exceptions == spans["products-handler"].exceptions
    assert spans["stranger"].exceptions == ()


def test_a_segment_whose_parent_is_not_there_stands_at_the_top():
    orphan = {"id": "7", "parent_id": "not here", "name": "orphan", "start_time": 99.0, "end_time": 99.5}
    assert names(waterfall.build([STAGE, orphan]))[:2] == [(0, "orphan"), (0, "products-api/prod")]


def test_segments_pointing_at_each_other_are_entered_at_the_earliest():
    circle = [
        {"id": "1", "parent_id": "2", "name": "later", "start_time": 2.0, "end_time": 3.0},
        {"id": "2", "parent_id": "1", "name": "earlier", "start_time": 1.0, "end_time": 3.0},
        {"id": "3", "parent_id": "3", "name": "own parent", "start_time": 0.5, "end_time": 3.0},
    ]
    assert names(waterfall.build(circle)) == [(0, "own parent"), (0, "earlier"), (1, "later")]


def test_nothing_fetched_is_an_empty_waterfall():
    flow = waterfall.build([])
    assert (flow.rows, flow.total_seconds, flow.guilty) == ((), 0.0, None)


def test_fields_of_the_wrong_type_are_left_out_not_guessed():
    broken = {
        "id": 7,
        "name": None,
        "start_time": "yesterday",
        "end_time": True,
        "http": [],
        "cause": 3,
        "annotations": "x",
        "subsegments": ["no", {"name": "nested", "start_time": float("nan"), "end_time": 5}],
    }
    flow = waterfall.build([broken])
    assert names(flow) == [(0, "unnamed"), (1, "nested")]
    assert [row.offset_seconds for row in flow.rows] == [None, None]


def test_a_segment_that_ends_before_it_starts_took_no_time():
    row = waterfall.build([{"id": "1", "name": "odd", "start_time": 5.0, "end_time": 4.0}]).rows[0]
    assert row.duration_seconds == 0


def test_a_very_deep_nest_is_read_to_the_bottom():
    document = {"name": "bottom", "start_time": 1.0, "end_time": 2.0}
    for _ in range(3_000):
        document = {"name": "level", "start_time": 1.0, "end_time": 2.0, "subsegments": [document]}
    assert names(waterfall.build([document]))[-1] == (3_000, "bottom")


IDS = st.sampled_from(["a", "b", "c", "d", ""])
TIMES = st.one_of(st.none(), st.floats(), st.integers(), st.booleans(), st.text(max_size=2))
FLAGS = st.sampled_from([True, False, None, "true"])
LEAF = st.fixed_dictionaries(
    {"name": st.text(max_size=3)},
    optional={"id": IDS, "parent_id": IDS, "start_time": TIMES, "end_time": TIMES, "fault": FLAGS, "error": FLAGS},
)
SEGMENT = st.recursive(
    LEAF,
    lambda inner: st.builds(lambda outer, nested: {**outer, "subsegments": nested}, LEAF, st.lists(inner, max_size=3)),
    max_leaves=8,
)


def count(documents):
    return sum(1 + count(document.get("subsegments", [])) for document in documents)


@given(st.lists(SEGMENT, max_size=8))
def test_whatever_arrives_no_segment_is_lost_and_every_bar_lies_on_the_line(documents):
    flow = waterfall.build(documents)

    assert len(flow.rows) == count(documents)
    depths = [row.depth for row in flow.rows]
    assert all(after <= before + 1 for before, after in itertools.pairwise(depths))
    assert flow.total_seconds >= 0
    for row in flow.rows:
        assert 0 <= row.left_percent <= 100
        assert 0 <= row.width_percent <= 100
        assert row.left_percent + row.width_percent <= 100.01
        assert row.duration_seconds is None or row.duration_seconds >= 0
    assert (flow.guilty is None) == all(row.span.state == "ok" for row in flow.rows)


LATE = {"id": "d" * 16, "name": "late", "start_time": 100.99, "end_time": 101.0}


@given(st.permutations([STAGE, LAMBDA, LATE]))
def test_the_order_of_arrival_does_not_matter(documents):
    assert waterfall.build(documents) == waterfall.build([STAGE, LAMBDA, LATE])
