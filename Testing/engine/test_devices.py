"""Devices by name, arithmetic by device, and telling a lack of memory from other errors."""

from __future__ import annotations

import pytest
import torch
from gmmseg import devices
from gmmseg.errors import EngineUnavailable, InputError

CPU = torch.device("cpu")


def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def with_two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_the_cpu_is_always_there_and_comes_first():
    assert devices.available()[0] == "cpu"


def test_every_device_that_is_here_resolves_to_itself():
    for name in devices.available():
        assert str(devices.resolve(name)) == name


def test_auto_is_the_cpu_without_a_gpu(monkeypatch):
    without_gpu(monkeypatch)
    assert devices.resolve("auto") == CPU


def test_auto_and_cuda_are_the_first_gpu(monkeypatch):
    with_two_gpus(monkeypatch)
    assert devices.available() == ["cpu", "cuda:0", "cuda:1"]
    assert devices.resolve("auto") == devices.resolve("cuda") == torch.device("cuda:0")
    assert devices.resolve("cuda:1") == torch.device("cuda:1")


def test_auto_takes_apples_gpu(monkeypatch):
    without_gpu(monkeypatch)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert devices.resolve("auto") == torch.device("mps")


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "abacus"])
def test_a_device_that_is_not_there_gets_a_sentence_with_those_that_are(name, monkeypatch):
    without_gpu(monkeypatch)
    with pytest.raises(EngineUnavailable) as failure:
        devices.resolve(name)
    assert str(failure.value) == f"The device {name} is not there; choose one of: auto, cpu."


def test_a_gpu_of_a_higher_number_is_not_there(monkeypatch):
    with_two_gpus(monkeypatch)
    with pytest.raises(InputError, match="cuda:2 is not there; choose one of: auto, cpu, cuda:0, cuda:1"):
        devices.resolve("cuda:2")


def test_float16_on_the_cpu_gets_a_sentence():
    with pytest.raises(InputError) as failure:
        devices.resolve_precision("float16", CPU)
    assert str(failure.value) == "Precision float16 works on a GPU only; choose auto, float32 or bfloat16."


@pytest.mark.parametrize(
    ("name", "device", "dtype"),
    [
        ("float32", "cpu", torch.float32),
        ("bfloat16", "cpu", torch.bfloat16),
        ("float16", "cuda:0", torch.float16),
        ("float16", "mps", torch.float16),
        ("auto", "mps", torch.float32),
    ],
)
def test_a_precision_is_the_dtype_of_that_name(name, device, dtype):
    assert devices.resolve_precision(name, torch.device(device)) == dtype


@pytest.mark.parametrize("supported", [True, False])
def test_auto_on_a_gpu_is_bfloat16_where_it_has_it(supported, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: supported)
    expected = torch.bfloat16 if supported else torch.float32
    assert devices.resolve_precision("auto", torch.device("cuda:0")) == expected


@pytest.mark.parametrize("instruction", ["_is_avx512_bf16_supported", "_is_amx_tile_supported"])
def test_auto_on_a_cpu_is_bfloat16_where_it_multiplies_it(instruction, monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    assert devices.resolve_precision("auto", CPU) == torch.float32
    monkeypatch.setattr(torch.cpu, instruction, lambda: True)
    assert devices.resolve_precision("auto", CPU) == torch.bfloat16


def test_auto_on_a_cpu_is_float32_where_torch_cannot_be_asked(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)
    assert devices.resolve_precision("auto", CPU) == torch.float32


def test_what_the_cpus_allocator_really_raises_is_a_lack_of_memory():
    with pytest.raises(RuntimeError) as failure:
        torch.empty(2**50, dtype=torch.uint8)
    assert devices.is_out_of_memory(failure.value)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB, max allowed: 9.07 GB)."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried to"),
        RuntimeError("std::bad_alloc"),
    ],
    ids=str,
)
def test_typical_messages_are_a_lack_of_memory(error):
    assert devices.is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
        RuntimeError("CUDA error: device-side assert triggered"),
        ValueError("out of memory"),
        InputError("The file is truncated."),
        KeyboardInterrupt(),
    ],
    ids=str,
)
def test_other_errors_are_not(error):
    assert not devices.is_out_of_memory(error)


def test_peak_memory_is_told_for_cuda_only():
    devices.reset_peak_memory(CPU)
    assert devices.peak_memory_mb(CPU) is None


def test_statistics_of_a_network_on_mps_are_computed_on_the_cpu():
    assert devices.for_statistics(torch.device("mps")) == torch.device("cpu")
    assert devices.for_statistics(torch.device("cuda:1")) == torch.device("cuda:1")
