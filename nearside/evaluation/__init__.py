"""Judging a model by small real tasks: in the loop that verifies, and by one raw answer beside it."""
