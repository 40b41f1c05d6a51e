"""How the learning rate goes over the steps of a training."""

from __future__ import annotations

import math

WARM_UP_STEPS = 100
# The trapezoid stays until this share of the steps is done and then falls to nothing: until then a training can be
# lengthened or shortened without having been for nothing.
DECAY_FROM = 0.7
# A short training by a cosine rises over no more than one step in so many.
_WARM_UP_SHARE = 10


def trapezoid(learning_rate: float, step: int, steps: int) -> float:
    """Rises over :data:`WARM_UP_STEPS`, stays, and falls in a line from :data:`DECAY_FROM` of the steps on."""
    rise = min(1.0, (step + 1) / WARM_UP_STEPS)
    return learning_rate * rise * min(1.0, max(0.0, (1 - step / steps) / (1 - DECAY_FROM)))


def cosine(learning_rate: float, step: int, steps: int) -> float:
    """Rises, and falls by half a cosine to 0 (Loshchilov and Hutter 2017, "SGDR", eq 5, without restarts)."""
    rising = min(WARM_UP_STEPS, steps // _WARM_UP_SHARE)
    if step < rising:
        return learning_rate * (step + 1) / rising
    return learning_rate * 0.5 * (1 + math.cos(math.pi * (step - rising) / (steps - rising)))


def constant(learning_rate: float, step: int, steps: int) -> float:
    """Stays, as in the paper."""
    return learning_rate


# Each gives the rate of a step, counted from 0, of so many steps.
SCHEDULES = {"trapezoid": trapezoid, "cosine": cosine, "constant": constant}
