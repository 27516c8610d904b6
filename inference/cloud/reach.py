"""Whether a hosted model may be asked at all, and how it is reached. Without an opt-in there is no Reach, and
without one no client can be made.
"""

from __future__ import annotations

from dataclasses import dataclass

from inference.cloud.keys import key_of
from inference.cloud.types import CloudOff
from settings.schema import Cloud, Settings


def closed(settings: Settings) -> str:
    """Return why no hosted model may be asked, or an empty string."""
    cloud = settings.cloud
    if settings.routing.mode == "local-only":
        return "routing.mode is local-only"
    if cloud.provider == "none":
        return "cloud.provider is none"
    if not cloud.model:
        return "cloud.model is not set"
    if cloud.provider == "openai-compatible" and not cloud.base_url:
        return "cloud.base_url is not set"
    return ""


@dataclass(frozen=True, slots=True)
class Reach:
    """How the provider is reached that a user opted in to. Raises CloudOff where there is none."""

    settings: Settings

    def __post_init__(self) -> None:
        if why := closed(self.settings):
            raise CloudOff(
                f"The hosted model was not asked, because {why}; set it to another value to have it asked."
            )

    @property
    def cloud(self) -> Cloud:
        return self.settings.cloud

    def key(self) -> str:
        """Return the key; may wait for the keyring. Raises KeyMissing."""
        return key_of(self.cloud)
