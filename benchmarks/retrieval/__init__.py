"""What the index finds: definitions for a cursor, and functions for a question, in real public packages.

    python -m benchmarks.retrieval                       everything, on the test packages
    python -m benchmarks.retrieval --quick               fewer cursors, a few minutes
    python -m benchmarks.retrieval --dev --only graph    the packages for choosing constants and weights

Constants and weights are chosen with --dev only; its packages and the test packages have nothing in common.
"""
