"""The hosted models that the settings name. The only place where one is made."""

from __future__ import annotations

from functools import partial

from inference.cloud.claude import Claude
from inference.cloud.connection import Reach
from inference.cloud.keys import key_of
from inference.cloud.openai_wire import OpenAI
from inference.cloud.types import Cloud
from settings.schema import Settings


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


def clouds_of(settings: Settings) -> tuple[Cloud, ...]:
    """Return the hosted model and the one that stands in for it; none where none may be asked.

    Nothing is imported or connected before the first request.
    """
    if closed(settings):
        return ()
    cloud = settings.cloud
    reach = Reach(cloud.base_url, partial(key_of, cloud), cloud.connect_timeout, cloud.read_timeout)
    models = dict.fromkeys(filter(None, (cloud.model, cloud.fallback_model)))
    if cloud.provider == "anthropic":
        return tuple(Claude(model, reach) for model in models)
    return tuple(OpenAI(model, reach, cloud.provider) for model in models)
