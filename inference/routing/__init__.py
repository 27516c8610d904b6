"""Which drafts the local model answers alone and which a hosted model is asked about, and why, in words.

What is decided here is figures only; asking, spending and what may leave are in
cloud/, spending.py and outbound/.
"""
