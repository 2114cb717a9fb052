"""Calling no faster than an account may: some of AWS's descriptions are rationed to a few requests a second.

The pace is kept per process and access. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""

import threading
import time
from collections.abc import Callable
from functools import cache

from edgeops.aws.clients import Access
from edgeops.aws.errors import ThrottledError

# After AWS refused, so long is waited before each further try; then the whole question waits as a row.
WAITS_SECONDS = (2.0, 5.0)


class Pacer:
    """Lets one call through each `seconds`, and waits where AWS asks to slow down. Threads may share it."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._sleep = sleep
        self._next_at = 0.0
        self._lock = threading.Lock()

    def call[T](self, request: Callable[[], T]) -> T:
        """Make a request in its turn; ThrottledError when AWS still refuses after the last wait."""
        for wait in WAITS_SECONDS:
            self._take_turn()
            try:
                return request()
            except ThrottledError:
                self._sleep(wait)
        self._take_turn()
        return request()

    def _take_turn(self) -> None:
        with self._lock:
            now = self._clock()
            turn = max(now, self._next_at)
            self._next_at = turn + self._seconds
        if turn > now:
            self._sleep(turn - now)


@cache
def pacer(ration: str, access: Access, seconds: float) -> Pacer:
    """The pacer of one ration of one access."""
    return Pacer(seconds)
