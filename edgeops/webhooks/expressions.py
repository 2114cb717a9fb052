"""JMESPath with bounds: an expression is checked when it is saved, and cannot keep a worker busy when it runs.

https://jmespath.org/specification.html

The language has no loops, but an expression may double a list at every step (`[@, @][] | [@, @][]` …), so steps and
sizes are counted, and so is all that a value holds where it is compared or written out. Nothing here is a regular
expression, and nothing is evaluated as code.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import EmptyExpressionError, IncompleteExpressionError, JMESPathError, ParseError
from jmespath.functions import Functions
from jmespath.visitor import TreeInterpreter

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 1_000, 300, 40
# Raw texts, quoted names, and JSON between backticks: whatever comes first holds the others.
QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`((?:\\.|[^`\\])*)`""")
MAX_STEPS, MAX_LIST, MAX_TEXT = 500_000, 100_000, 1_000_000
# Functions that go through all that their arguments hold, as comparing does; others look at the first level at most.
DEEP, CHARACTERS_A_STEP = ("contains", "join", "to_string"), 100


class ExpressionError(Exception):
    """An expression that cannot be used, or not with this event; the text says where or why."""


def check(text: str) -> str:
    """The expression, when it can be saved; raises ExpressionError naming the position."""
    text = text.strip()
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"It has {len(text):,} characters; {MAX_LENGTH:,} are the most.")
    nodes = list(_nodes(_parsed(text), 0))
    if len(nodes) > MAX_NODES or max(depth for _, depth in nodes) > MAX_DEPTH:
        raise ExpressionError(f"It is too long to follow: {len(nodes)} parts, of which {MAX_NODES} are the most.")
    for node, _ in nodes:
        if node["type"] == "function_expression":
            _check_call(node, text)
    return text


def search(text: str, document: Any) -> Any:
    """What an expression finds in a document; raises ExpressionError when it fails or takes too much."""
    try:
        return _Bounded().visit(_parsed(text), document)
    except JMESPathError as error:
        raise ExpressionError(_storable(f"{error}")) from error
    except RecursionError:
        raise ExpressionError("It goes too deep into this event.") from None
    except (TypeError, AttributeError, OverflowError, ArithmeticError) as error:  # not every wrong type is foreseen
        raise ExpressionError(_storable(f"It cannot be applied to this event: {error}")) from error


def is_true(value: Any) -> bool:
    """JMESPath's truth: false, null and what is empty are not; 0 is."""
    return not (value is None or value is False or value in ("", [], {}))


def literal(text: str) -> str:
    """A text as JMESPath writes it, whatever it holds."""
    return "`" + json.dumps(text).replace("`", "\\u0060") + "`"


class _Bounded(TreeInterpreter):  # type: ignore[misc]  # the package has no types
    """Counts every step and measures every result."""

    def __init__(self) -> None:
        super().__init__()
        self._left = MAX_STEPS

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._spend(1)
        found = super().visit(node, *args, **kwargs)
        if isinstance(found, str):  # whoever is handed a text may go through it
            self._spend(len(found) // CHARACTERS_A_STEP)
        if (isinstance(found, list) and len(found) > MAX_LIST) or (isinstance(found, str) and len(found) > MAX_TEXT):
            raise ExpressionError("What it makes of this event is too large.")
        return found

    def visit_comparator(self, node: Any, value: Any) -> Any:
        found = self._found(node, value)
        if all(isinstance(one, list | dict) for one in found):  # otherwise they differ at the first look
            self._weigh(found)
        return super().visit_comparator(self._with(node, found), value)

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        if node["value"] not in DEEP:
            return super().visit_function_expression(node, value)
        found = self._found(node, value)
        self._weigh(found)
        return super().visit_function_expression(self._with(node, found), value)

    def _found(self, node: Any, value: Any) -> list[Any]:
        return [self.visit(child, value) for child in node["children"]]

    def _with(self, node: Any, found: list[Any]) -> Any:
        """The node over what its parts have found.

        A list may hold another twice, which holds a third twice: few steps to make, no end to compare or to write out.
        So all of it is paid for where it is gone through.
        """
        return node | {"children": [{"type": "literal", "value": one, "children": []} for one in found]}

    def _weigh(self, found: list[Any]) -> None:
        waiting = list(found)
        while waiting:
            one = waiting.pop()
            if isinstance(one, list | dict):
                self._spend(len(one))
                waiting += one.values() if isinstance(one, dict) else one
            elif isinstance(one, str):
                self._spend(len(one) // CHARACTERS_A_STEP)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise ExpressionError(f"It takes more than {MAX_STEPS:,} steps on this event.")


def _storable(text: str) -> str:
    """An error that quotes the event: what no database stores (lone surrogates, NUL) is written as an escape."""
    return text[:300].encode(errors="backslashreplace").decode().replace("\x00", "\\x00")


@lru_cache(maxsize=500)
def _parsed(text: str) -> dict[str, Any]:
    _refuse_loose_literals(text)
    try:
        return dict(jmespath.compile(text).parsed)
    except EmptyExpressionError:
        raise ExpressionError("It is empty.") from None
    except RecursionError:
        raise ExpressionError("It is nested too deeply.") from None
    except IncompleteExpressionError:
        raise ExpressionError(_where(text, len(text))) from None
    except ParseError as error:
        raise ExpressionError(_where(text, error.lex_position or 0)) from error


def _refuse_loose_literals(text: str) -> None:
    """The package takes a literal that is no JSON as a text, with a warning; the language does not."""
    for quoted in QUOTED.finditer(text):
        if quoted[1] is not None:
            try:
                json.loads(quoted[1].replace("\\`", "`"))
            except ValueError:
                at = quoted.start() + 1
                raise ExpressionError(f"What stands between backticks from character {at} on is no JSON.") from None


def _where(text: str, at: int) -> str:
    if at >= len(text):
        return f"It breaks off at character {len(text)}: something is missing at the end."
    return f"It cannot be read from character {at + 1} on: …{text[at : at + 30]}"


def _nodes(node: dict[str, Any], depth: int) -> Iterator[tuple[dict[str, Any], int]]:
    yield node, depth
    for child in node["children"]:
        if isinstance(child, dict):  # a slice's children are numbers
            yield from _nodes(child, depth + 1)


def _check_call(node: dict[str, Any], text: str) -> None:
    name, given = node["value"], len(node["children"])
    at = text.find(f"{name}(") + 1
    known = Functions.FUNCTION_TABLE.get(name)
    if known is None:
        raise ExpressionError(f"There is no function {name} (character {at}). JMESPath names the ones there are.")
    wanted = len(known["signature"])
    is_open = bool(wanted and known["signature"][-1].get("variadic"))
    if given < wanted or (given > wanted and not is_open):
        raise ExpressionError(f"{name} (character {at}) takes {wanted}{' or more' if is_open else ''}, not {given}.")
