"""Small models for tests: cards, networks with random weights, and folders of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import torch
from gmmseg import models, networks
from gmmseg.model_card import ModelCard
from torch import nn

# A model of mode "fast".
CARD = ModelCard(
    name="small",
    title="A small network for tests",
    network="modified_unet_3d",
    base_width=2,
    in_channels=5,
    classes=("CSF", "GM", "WM"),
    contrast="T1",
    training="Not trained.",
    data=({"name": "nothing", "source": "none", "licence": "CC0 1.0", "use": "none"},),
    label_use="No label was used.",
)
# A network of axial slices of one channel.
SLICES = dataclasses.replace(CARD, network="unet", in_channels=2, settings={"orientation": "axial"})


def network_of(card: ModelCard) -> nn.Module:
    """The card's network with the same random weights each time."""
    build = networks.build if card.is_of_slices else networks.build_volume
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build(card.network, card.in_channels, len(card.classes), card.base_width)


def save_model(folder: Path, name: str = "small", card: ModelCard = CARD, **changes: Any) -> ModelCard:
    """Saves a model of ``card`` with the entries ``changes`` into a folder."""
    card = dataclasses.replace(card, **changes)
    return models.save(folder, name, network_of(card), card)
