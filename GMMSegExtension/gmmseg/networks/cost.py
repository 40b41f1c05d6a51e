"""What a network costs: parameters, and multiply-adds for an image."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import torch
from torch import nn
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode


def parameters(network: nn.Module) -> int:
    """Number of learned values: weights, biases, scales and shifts."""
    return sum(parameter.numel() for parameter in network.parameters())


def multiply_adds(network: nn.Module, input_shape: Sequence[int]) -> int:
    """Multiplications, each with an addition, of one pass forward of an image.

    Those of convolutions, transposed convolutions, linear layers and matrix products (attention). What is linear in
    the number of values and small beside them is left out: biases, normalisation, activations, pooling, interpolation.
    Nothing is computed: the pass runs on shapes alone, and costs neither time nor memory whatever the image. The
    network stays as it is.

    Args:
        network: any network whose operations do not depend on the values of its input.
        input_shape: (B, D, H, W), or (B, D, I, J, K) for a network of volumes.
    """
    state = {name: tensor.to("meta") for name, tensor in chain(network.named_parameters(), network.named_buffers())}
    # On the meta device attention runs as the matrix products it is made of; fused kernels would go uncounted.
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        functional_call(network, state, (torch.empty(tuple(input_shape), device="meta"),))
    return counter.get_total_flops() // 2
