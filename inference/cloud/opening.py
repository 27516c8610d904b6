"""The hosted models that the settings name. The only place where one is made."""

from __future__ import annotations

from inference.cloud.claude import Claude
from inference.cloud.openai_wire import OpenAI
from inference.cloud.reach import Reach
from inference.cloud.types import Cloud
from settings.schema import Settings


def clouds_of(settings: Settings) -> tuple[Cloud, ...]:
    """Return the hosted model and the one that stands in for it. Raises CloudOff where none may be asked.

    Nothing is imported or connected before the first request.
    """
    reach = Reach(settings)
    cloud = settings.cloud
    models = dict.fromkeys(filter(None, (cloud.model, cloud.fallback_model)))
    if cloud.provider == "anthropic":
        return tuple(Claude(model, reach) for model in models)
    return tuple(OpenAI(model, reach) for model in models)
