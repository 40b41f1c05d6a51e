"""What a training leaves behind to go on from: ``checkpoint.safetensors``, and ``checkpoint.json`` beside it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from ..errors import InputError
from ..safe_files import atomic
from .training_plan import Plan

CHECKPOINT, STATE = "checkpoint.safetensors", "checkpoint.json"
# What of a plan may not change between one part of a training and the next.
_DECISIVE = ("learning_rate", "weight_decay", "averaging", "seed", "schedule", "gradient_norm", "lessons_per_step")
# Those that older checkpoints do not name, because every training had what is now their default.
_LATER = ("schedule", "gradient_norm", "lessons_per_step")

# Tensors by group ("network", "average", ...) and name.
Tensors = dict[str, dict[str, Tensor]]


def keep(folder: Path, step: int, plan: Plan, state: dict[str, Any], tensors: Tensors) -> None:
    """Writes the checkpoint of a step.

    Args:
        folder: of the training.
        step: steps taken.
        plan: that they were taken by.
        state: JSON values.
        tensors: by group and name; no group's name has a dot.

    Raises:
        InputError: the files cannot be written.
    """
    from safetensors.torch import save_file

    flat = {f"{group}.{name}": value for group, members in tensors.items() for name, value in members.items()}
    flat = {name: value.detach().cpu().contiguous() for name, value in flat.items()}
    # All that the steps to come depend on is in one file, so that a kill between the two leaves nothing half. The other
    # says at a glance how far the training is, and by which plan; without the first it would be a lie.
    with atomic(folder / CHECKPOINT) as beside:
        save_file(flat, beside, metadata={"step": str(step), "state": json.dumps(state)})
    with atomic(folder / STATE) as beside:
        Path(beside).write_text(json.dumps({"step": step, "plan": asdict(plan)}, indent=1), encoding="utf-8")


def read(folder: Path) -> tuple[int, dict[str, Any], Tensors]:
    """Step, state and tensors of the checkpoint in ``folder``.

    Raises:
        InputError: it cannot be read.
    """
    from safetensors import SafetensorError, safe_open

    tensors: Tensors = {}
    try:
        with safe_open(folder / CHECKPOINT, framework="pt") as file:
            step, told = int(file.metadata()["step"]), file.metadata().get("state")
            # Older checkpoints have it in the other file.
            state = json.loads(told or (folder / STATE).read_text(encoding="utf-8"))
            for name in file.keys():  # noqa: SIM118
                group, member = name.split(".", 1)
                tensors.setdefault(group, {})[member] = file.get_tensor(name)
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise not_resumable(folder, error) from error
    return step, state, tensors


def steps_done(folder: Path, plan: Plan) -> int:
    """Steps of the checkpoint in ``folder`` that a training by ``plan`` would go on from; 0 where there is none.

    Raises:
        InputError: it was made by a plan that leads elsewhere, has more steps than ``plan``, or cannot be read.
    """
    if not (folder / STATE).exists():
        return 0
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
        done, before = int(state["step"]), {name: getattr(Plan, name) for name in _LATER} | state["plan"]
        before = {name: before[name] for name in _DECISIVE}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise not_resumable(folder, error) from error
    for name, value in before.items():
        if value != getattr(plan, name):
            raise InputError(
                f"The training in '{folder}' was begun with {name.replace('_', ' ')} {value}, not "
                f"{getattr(plan, name)}; give the former again, or train into another folder."
            )
    if done > plan.steps:
        raise InputError(
            f"The training in '{folder}' has taken {done} steps already; give at least as many, or train into another "
            "folder."
        )
    return done


def not_resumable(folder: Path, error: Exception) -> InputError:
    """What to say of a checkpoint that does not fit or is damaged."""
    reason = " ".join(str(error).split())
    return InputError(f"The checkpoint in '{folder}' cannot be resumed ({reason}); train into another folder.")
