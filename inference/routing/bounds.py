"""How far a share seen in a few cases may be off: Clopper and Pearson's exact bounds. Pure arithmetic."""

from __future__ import annotations

import math

STEPS = 30
"""Halvings: the bound is off by a billionth at most."""
TERMS = 300
"""Of the continued fraction; it needs about the root of the number of cases."""
SMALLEST = 1e-300


def at_least(successes: int, cases: int, doubt: float = 0.1) -> float:
    """Return the rate that the true one is at least, wrong in a share of `doubt` of all such statements."""
    if successes <= 0:
        return 0.0
    low, high = 0.0, successes / cases
    for _ in range(STEPS):
        middle = (low + high) / 2
        if beta_share(middle, successes, cases - successes + 1) < doubt:
            low = middle
        else:
            high = middle
    return low


def at_most(successes: int, cases: int, doubt: float = 0.1) -> float:
    """Return the rate that the true one is at most, wrong in a share of `doubt` of all such statements."""
    return 1.0 - at_least(cases - successes, cases, doubt)


def beta_share(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), for a and b above 0.

    I_p(k, n - k + 1) is how likely k or more of n cases succeed at a rate of p.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1) / (a + b + 2):  # there the fraction converges slowly
        return 1.0 - beta_share(1.0 - x, b, a)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(scale) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """Return 1 + d1/(1 + d2/(1 + ...)), the fraction below I_x(a, b) (DLMF 8.17.22), by Lentz's method."""
    value = upper = 1.0
    lower = 0.0
    for term in range(1, TERMS):
        m = term // 2
        if term % 2:
            part = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            part = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        upper = _apart(1.0 + part / upper)
        lower = 1.0 / _apart(1.0 + part * lower)
        value *= upper * lower
        if abs(upper * lower - 1.0) < 1e-15:
            break
    return value


def _apart(value: float) -> float:
    """Return a value, or one so small that dividing by it is still possible."""
    return value if abs(value) > SMALLEST else SMALLEST
