"""A line that cannot be sent: why, and a form that works."""


class ItemError(Exception):
    """A line that CloudFront would refuse, or silently match nothing with."""

    def __init__(self, raw: str, problem: str, suggestion: str = "") -> None:
        super().__init__(problem)
        self.raw = raw
        self.problem = problem
        self.suggestion = suggestion

    def __str__(self) -> str:
        offer = f" Try {self.suggestion}" if self.suggestion else ""
        return f"{self.raw[:100]!r}: {self.problem}{offer}"
