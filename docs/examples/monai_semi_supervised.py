"""Few labels and many scans: a network of MONAI and ``gmmseg.TotalLoss`` (eq 3.5).

Six small phantoms are there to learn from, and one is labelled. A ``monai.networks.nets.UNet`` learns from it by
cross-entropy alone; then from all six by cross-entropy + beta (GMM + gamma TV). Both are judged on phantoms that
neither has seen, and so is a network that had labels of all six.

    pip install monai
    python docs/examples/monai_semi_supervised.py
"""

from __future__ import annotations

import argparse

import torch
from example_phantoms import CLASSES, dice, phantoms
from gmmseg import TotalLoss
from held_statistics import refitted
from monai.networks.nets import UNet
from torch import Tensor, nn

SCANS, JUDGED = 6, 8
SHADING = 0.1
UNLABELLED = -1
REFRESH = 20  # steps for which mixture and field are held


def train(loss: TotalLoss, image: Tensor, target: Tensor, mask: Tensor, steps: int, seed: int) -> nn.Module:
    """A network after ``steps`` of Adam, the first third without the mixture's part.

    The mixture needs posteriors that mean something: from random ones it may settle on other classes.
    """
    torch.manual_seed(seed)
    network = UNet(
        spatial_dims=2,
        in_channels=1,
        out_channels=CLASSES,
        channels=(8, 16, 32),
        strides=(2, 2),
        num_res_units=1,
        norm="batch",
    )
    cross_entropy = TotalLoss(beta=0.0)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    warm = steps // 3
    for step in range(steps):
        logits = network(image)
        if step < warm or not loss.beta:
            value = cross_entropy(logits, target, image, mask)
        else:
            if (step - warm) % REFRESH == 0:
                held = refitted(loss.mixture, logits.detach(), image, mask)
            value = loss(logits, target, image, mask, parameters=held.parameters, field=held.field)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
    return network.eval()


def run(
    beta: float = 0.1, gamma: float = 0.1, degree: int = 3, steps: int = 120, size: int = 64, seed: int = 0
) -> dict[str, float]:
    """Mean Dice on unseen phantoms of the three networks."""
    image, truth, mask, _ = phantoms(range(100 * seed, 100 * seed + SCANS), size, shading=SHADING)
    unseen, unseen_truth, _, _ = phantoms(range(100 * seed + 50, 100 * seed + 50 + JUDGED), size, shading=SHADING)
    one_labelled = truth.clone()
    one_labelled[1:] = UNLABELLED
    # Means over voxels, so beta is far above the paper's 1e-10 for sums.
    semi_supervised = TotalLoss(beta=beta, gamma=gamma, degree=degree)
    supervised = TotalLoss(beta=0.0)

    def judged(loss: TotalLoss, target: Tensor) -> float:
        network = train(loss, image, target, mask, steps, seed)
        with torch.no_grad():
            return dice(network(unseen).argmax(dim=1, keepdim=True), unseen_truth)

    return {
        "Dice, 1 label, cross-entropy": judged(supervised, one_labelled),
        "Dice, 1 label, + mixture on 6": judged(semi_supervised, one_labelled),
        "Dice, 6 labels, cross-entropy": judged(supervised, truth),
    }


# A try of two seconds: smaller images, fewer steps.
QUICK = {"steps": 60, "size": 48}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beta", type=float, default=0.1, help="weight of the mixture's part")
    parser.add_argument("--gamma", type=float, default=0.1, help="weight of the total variation")
    parser.add_argument("--seed", type=int, default=0, help="of phantoms and weights")
    parser.add_argument("--quick", action="store_true", help="smaller and shorter")
    options = vars(parser.parse_args(arguments))
    for name, value in run(**(QUICK if options.pop("quick") else {}), **options).items():
        print(f"{name:30} {value:.3f}")


if __name__ == "__main__":
    main()
