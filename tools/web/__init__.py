"""The web, for the user and a model: search engines in the user's order, and pages of public addresses."""
