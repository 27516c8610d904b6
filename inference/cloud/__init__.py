"""Hosted models: their providers' libraries, what may go wrong there, and asking them within a budget."""
