"""How allauth's sign-in behaves here: people are made by an admin, nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedAccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """No self-service accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody may create an account from outside."""
        return False
