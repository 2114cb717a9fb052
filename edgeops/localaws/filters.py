"""X-Ray's filter expressions: the keywords a trace list needs, joined by AND, OR, `!` and parentheses."""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from edgeops.localaws.traces import Trace
from edgeops.localaws.wire.messages import AwsError

TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<annotation>annotation\[[^\]\s]+\])|(?P<number>-?\d+(?:\.\d+)?)'
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|!=|[=<>!()]))"
)
MAX_CHARACTERS = 2000

type Test = Callable[[Trace], bool]

BOOLEANS: dict[str, Test] = {
    "ok": lambda trace: not trace.is_fault and not trace.is_error,
    "fault": lambda trace: trace.is_fault,
    "error": lambda trace: trace.is_error,
    "throttle": lambda trace: trace.status == 429,
}
NUMBERS: dict[str, Callable[[Trace], float]] = {
    "responsetime": lambda trace: trace.response_seconds,
    "duration": lambda trace: trace.duration_seconds,
    "http.status": lambda trace: trace.status,
}
TEXTS: dict[str, Callable[[Trace], str | None]] = {
    "http.url": lambda trace: trace.url,
    "http.method": lambda trace: None if trace.url is None else "GET",
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXT_COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "CONTAINS": operator.contains,
    "BEGINSWITH": str.startswith,
    "ENDSWITH": str.endswith,
}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression; `kind` is text, annotation, number, word or sign."""

    kind: str
    value: str


def parse(expression: str) -> Test:
    """A test of traces; raises InvalidRequestException for what X-Ray refuses or local AWS does not know."""
    if not expression.strip():
        return _every
    if len(expression) > MAX_CHARACTERS:
        raise _invalid(f"a filter expression has at most {MAX_CHARACTERS} characters")
    parser = Parser(_tokens(expression))
    test = parser.either()
    parser.end()
    return test


class Parser:
    """Reads tokens by recursive descent: OR binds weaker than AND, AND weaker than `!`."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def either(self) -> Test:
        """`a OR b`."""
        tests = [self._both()]
        while self._take_word("OR"):
            tests.append(self._both())
        return lambda trace: any(test(trace) for test in tests)

    def end(self) -> None:
        """Demand that nothing is left."""
        if self._position < len(self._tokens):
            raise _invalid(f"unexpected {self._tokens[self._position].value!r}")

    def _both(self) -> Test:
        tests = [self._one()]
        while self._take_word("AND"):
            tests.append(self._one())
        return lambda trace: all(test(trace) for test in tests)

    def _one(self) -> Test:
        token = self._next()
        if token == Token("sign", "!"):
            inner = self._one()
            return lambda trace: not inner(trace)
        if token == Token("sign", "("):
            inner = self.either()
            self._expect(")")
            return inner
        if token.kind == "annotation":
            return self._annotation(token.value[len("annotation[") : -1])
        return self._keyword(token)

    def _keyword(self, token: Token) -> Test:
        if token.kind != "word":
            raise _invalid(f"unexpected {token.value!r}")
        name = token.value
        if name in BOOLEANS:
            return BOOLEANS[name]
        if name in NUMBERS:
            return self._number(NUMBERS[name])
        if name in TEXTS:
            return self._text(TEXTS[name])
        if name == "service":
            return self._service()
        raise _invalid(f"the keyword {name!r} is not known")

    def _number(self, read: Callable[[Trace], float]) -> Test:
        compare = COMPARISONS.get(self._next().value)
        bound = self._next()
        if compare is None or bound.kind != "number":
            raise _invalid("a number is compared by =, !=, <, <=, > or >= with a number")
        limit = float(bound.value)
        return lambda trace: compare(read(trace), limit)

    def _text(self, read: Callable[[Trace], str | None]) -> Test:
        compare = TEXT_COMPARISONS.get(self._next().value.upper())
        bound = self._next()
        if compare is None or bound.kind != "text":
            raise _invalid('a text is compared by =, !=, CONTAINS, BEGINSWITH or ENDSWITH with a "quoted text"')
        wanted = _unquoted(bound)

        def test(trace: Trace) -> bool:
            found = read(trace)
            return found is not None and compare(found, wanted)

        return test

    def _annotation(self, key: str) -> Test:
        return self._text(lambda trace: trace.annotations.get(key))

    def _service(self) -> Test:
        self._expect("(")
        name = self._next()
        if name.kind != "text":
            raise _invalid('service takes a "quoted name"')
        self._expect(")")
        wanted = _unquoted(name)
        return lambda trace: any(service == wanted for service, _ in trace.services)

    def _next(self) -> Token:
        if self._position >= len(self._tokens):
            raise _invalid("the expression ends too early")
        self._position += 1
        return self._tokens[self._position - 1]

    def _expect(self, sign: str) -> None:
        found = self._next()
        if found != Token("sign", sign):
            raise _invalid(f"expected {sign!r}, found {found.value!r}")

    def _take_word(self, word: str) -> bool:
        rest = self._tokens[self._position :]
        if rest and rest[0].kind == "word" and rest[0].value.upper() == word:
            self._position += 1
            return True
        return False


def _every(_trace: Trace) -> bool:
    return True


def _tokens(expression: str) -> list[Token]:
    found: list[Token] = []
    position, text = 0, expression.rstrip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _invalid(f"cannot read {text[position:].strip()[:40]!r}")
        found.append(Token(match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


def _unquoted(token: Token) -> str:
    return re.sub(r"\\(.)", r"\1", token.value[1:-1])


def _invalid(reason: str) -> AwsError:
    return AwsError("InvalidRequestException", f"Invalid filter expression: {reason}.")
