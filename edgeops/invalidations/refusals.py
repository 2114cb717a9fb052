"""Why something was not done, told to the person who asked for it."""

from edgeops.invalidations.items import Parsed


class AskingError(Exception):
    """The request was not made, or not changed; the text says why, to the person who asked."""


class ItemsRefusedError(AskingError):
    """At least one line, or the list as a whole, cannot be sent."""

    def __init__(self, parsed: Parsed) -> None:
        super().__init__(" ".join([*parsed.problems, *(str(error) for error in parsed.errors[:5])]))
        self.parsed = parsed


class ScopeRefusedError(AskingError):
    """It reaches further than this person may, and nobody can approve it."""

    def __init__(self, words: str) -> None:
        super().__init__(f"Only an admin may ask for this. {words} Ask an admin, or name less.")


class EverythingNotAllowedError(ScopeRefusedError):
    """`/*` was asked for by someone who may not."""

    def __init__(self) -> None:
        AskingError.__init__(
            self,
            "Only an admin may invalidate /*: it empties the whole cache, and every viewer's next request "
            "goes to the origin. Name narrower paths, or ask an admin.",
        )


class TenantRefusedError(AskingError):
    """It is not said which tenant is meant, or there is none such."""


class ReasonMissingError(AskingError):
    """Nobody will know why."""

    def __init__(self) -> None:
        super().__init__("Say why: the reason is kept with the invalidation and in the audit log.")


class CannotCancelError(AskingError):
    """It may have reached CloudFront, which cannot call it back."""

    def __init__(self) -> None:
        super().__init__(
            "This invalidation can no longer be cancelled: it is on its way, and CloudFront cannot call an "
            "invalidation back."
        )


class CannotProbeError(AskingError):
    """The edge cannot be asked about it; the text says why."""


class ApprovalError(AskingError):
    """It cannot be approved, or not by this person."""
