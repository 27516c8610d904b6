"""What a model wrote, made fit to be shown: one ordered pipeline of small filters."""

from inference.filters.pipeline import Filtered, repair

__all__ = ["Filtered", "repair"]
