"""Segmentation without a label: a plain PyTorch loop, any network, and ``gmmseg.GMMBiasLoss`` (eq 3.7 with TV).

A few small phantoms, each with its own anatomy, noise and shading, are segmented into CSF, grey and white matter by one
network that never sees a label. The truth only serves to print how good labels and fields have become.

    python docs/examples/plain_pytorch_unsupervised.py
"""

from __future__ import annotations

import argparse

import torch
from example_phantoms import CLASSES, dice, field_error, phantoms
from gmmseg import GMMBiasLoss, TotalLoss, mixture
from gmmseg.start_values import start_values
from held_statistics import refitted
from torch import Tensor, nn

REFRESH = 15  # steps for which mixture and field are held


def a_network(width: int) -> nn.Module:
    """Any module from (B, 1, H, W) to (B, 3, H, W) logits will do. This one sees 16 pixels far."""
    layers: list[nn.Module] = []
    for inputs, dilation in zip((1, width, width, width, width), (1, 2, 4, 8, 1), strict=True):
        layers += [nn.Conv2d(inputs, width, 3, padding=dilation, dilation=dilation), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(width, CLASSES, 1))


def mixture_posteriors(image: Tensor, mask: Tensor) -> Tensor:
    """(B, 3, H, W) posteriors of a Gaussian mixture of each image alone, without field; classes by increasing mean."""
    posteriors = image.new_zeros(len(image), CLASSES, *image.shape[2:])
    for item, inside in enumerate(mask[:, 0]):
        x = image[item][:, inside].T
        parameters, _, _ = mixture.fit(x, start_values(x, CLASSES))
        posteriors[item][:, inside] = mixture.posterior(x, parameters)[0].T
    return posteriors


def train(model: nn.Module, loss: GMMBiasLoss, image: Tensor, mask: Tensor, start: Tensor, warm: int, steps: int):
    """``warm`` steps of cross-entropy with the posteriors ``start``, then ``steps`` of the free energy."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    cross_entropy = TotalLoss(beta=0.0)
    for step in range(warm + steps):
        logits = model(image)
        if step < warm:
            value = cross_entropy(logits, start, image, mask)
        else:
            if (step - warm) % REFRESH == 0:
                held = refitted(loss, logits.detach(), image, mask)
            value = loss(logits, image, mask, parameters=held.parameters, field=held.field)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()


def run(
    scans: int = 4,
    size: int = 80,
    width: int = 12,
    warm: int = 40,
    steps: int = 60,
    gamma: float = 0.2,
    degree: int = 3,
    seed: int = 0,
) -> dict[str, float]:
    """Trains on ``scans`` phantoms; Dice and field error before and after."""
    torch.manual_seed(seed)
    image, truth, mask, field = phantoms(range(seed, seed + scans), size)
    start = mixture_posteriors(image, mask)
    model, loss = a_network(width), GMMBiasLoss(gamma=gamma, degree=degree)
    train(model, loss, image, mask, start, warm, steps)
    with torch.no_grad():
        logits = model.eval()(image)
    found = loss.statistics(logits, image, mask).field
    nothing = torch.ones_like(field)
    return {
        "Dice of the mixture": dice(start.argmax(dim=1, keepdim=True), truth),
        "Dice of the network": dice(logits.argmax(dim=1, keepdim=True), truth),
        "field error, no field": field_error(nothing, field, mask),
        "field error, field found": field_error(nothing if found is None else found, field, mask),
    }


# A try of two seconds: fewer and smaller images, fewer steps.
QUICK = {"scans": 2, "size": 64, "width": 8, "warm": 30, "steps": 45}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gamma", type=float, default=0.2, help="weight of the total variation")
    parser.add_argument("--degree", type=int, default=3, help="of the bias field; 0 for none")
    parser.add_argument("--seed", type=int, default=0, help="of anatomy, noise, field and weights")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter")
    options = vars(parser.parse_args(arguments))
    for name, value in run(**(QUICK if options.pop("quick") else {}), **options).items():
        print(f"{name:26} {value:.3f}")


if __name__ == "__main__":
    main()
