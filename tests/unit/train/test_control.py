"""Requests reach a training once, and Ctrl-C stops it between two batches."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from blase_lab.core.errors import ModelError, ResumeError
from blase_lab.core.records import InputSpec
from blase_lab.store import Store
from blase_lab.train import Inputs, request
from blase_lab.train.control import Requests, interrupts
from blase_lab.train.ledger import LossLedger
from blase_lab.train.meters import Meter
from blase_lab.train.variables import digest_arrays, normal_path, pack_arrays, unpack_arrays

if TYPE_CHECKING:
    from pathlib import Path
from typing import Any


def test_a_request_is_seen_and_forgotten(tmp_path: Path) -> None:
    """What was asked is wanted until it is forgotten."""
    store = Store.create(tmp_path)
    request(store, "r1", "pause")
    assert Requests(store, "r1").wanted() == "pause"
    requests = Requests(store, "r1")
    requests.forget()
    assert requests.wanted() is None
    assert store.control.get("r1") is None


def test_a_pause_ends_with_a_continue(tmp_path: Path) -> None:
    """Waiting beats until somebody asks for something else."""
    store = Store.create(tmp_path)
    requests = Requests(store, "r1")
    request(store, "r1", "pause")
    assert requests.wait_while_paused(lambda: request(store, "r1", "continue"))
    request(store, "r1", "stop")
    assert Requests(store, "r1").wait_while_paused(lambda: None) is False


def test_ctrl_c_asks_to_stop_and_a_second_one_stops_at_once(tmp_path: Path) -> None:
    """The first interrupt is a request, the second a KeyboardInterrupt."""
    requests = Requests(Store.create(tmp_path), "r1")
    before = signal.getsignal(signal.SIGINT)
    with interrupts(requests):
        os.kill(os.getpid(), signal.SIGINT)
        assert requests.wanted() == "stop"
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_the_ledger_keeps_the_bits_of_every_loss() -> None:
    """Losses come back bit by bit, also from a ledger that goes on."""
    losses = np.array([0.1, 1e-30, -0.0], dtype=np.float32)
    ledger = LossLedger(b"", batches_per_epoch=2)
    for loss in losses[:2]:
        ledger.add(loss)
    again = LossLedger(ledger.content(), batches_per_epoch=2)
    again.add(losses[2])
    assert len(again) == 3
    assert again.content() == losses.tobytes()


def test_the_ledger_names_the_first_batch_whose_loss_is_no_number() -> None:
    """The third batch of epochs of two is epoch 2, batch 1."""
    ledger = LossLedger(b"", batches_per_epoch=2)
    for loss in (1.0, 1.0, float("inf"), float("nan")):
        ledger.add(loss)
    with pytest.raises(ModelError, match=r"loss is inf in epoch 2, batch 1\."):
        ledger.settle()


def test_paths_are_free_of_the_numbers_of_the_process() -> None:
    """The same model built later in one process has the same paths."""
    assert normal_path("dense_12/kernel") == "dense/kernel"
    assert normal_path("adam/dense_3_kernel_momentum") == "adam/dense_kernel_momentum"
    assert normal_path("dense/kernel_1") == "dense/kernel"


def test_equal_arrays_pack_to_equal_bytes() -> None:
    """An `.npz` of ours has no dates, and comes back in order."""
    arrays: dict[str, Any] = {"b": np.arange(3), "a": np.array(2.0, np.float32)}
    data = pack_arrays(arrays)
    assert data == pack_arrays(arrays)
    back = unpack_arrays(data)
    assert list(back) == ["b", "a"]
    assert digest_arrays(back) == digest_arrays(arrays)


@pytest.mark.parametrize(
    "other",
    [
        {"b": np.arange(3)},
        {"a": np.arange(4)},
        {"a": np.arange(3, dtype=np.int16)},
        {"a": np.arange(3).reshape(3, 1)},
    ],
)
def test_the_digest_sees_name_type_shape_and_content(other: dict[str, np.ndarray]) -> None:
    """Whatever differs gives another digest."""
    assert digest_arrays({"a": np.arange(3)}) != digest_arrays(other)


def test_inputs_are_a_mapping_that_names_what_there_is() -> None:
    """An unknown name raises with the known ones as the way out."""
    inputs = Inputs((InputSpec(name="city", dtype="int32", categories=3),))
    assert (list(inputs), len(inputs), "city" in inputs) == (["city"], 1, True)
    assert inputs["city"].categories == 3
    with pytest.raises(ModelError, match="`town`") as caught:
        inputs["town"]
    assert "city" in caught.value.way_out


def test_the_meter_remembers_the_highest_memory() -> None:
    """A reading is a share of the machine and some memory."""
    meter = Meter()
    reading = meter.read()
    assert 0.0 <= reading.cpu_percent <= 100.0
    assert meter.peak_bytes >= reading.memory_bytes > 0


def test_a_callback_state_that_cannot_be_kept_is_refused() -> None:
    """Only numbers, arrays and lists of them cross a checkpoint."""
    from blase_lab.train.checkpoint import _flatten, _unflatten

    for value in (None, 3, 2.5, True, float("inf")):
        form, parts = _flatten(value)
        assert _unflatten(form, parts) == value
    form, parts = _flatten([np.ones(2), np.zeros(3)])
    assert [each.tolist() for each in _unflatten(form, parts)] == [[1, 1], [0, 0, 0]]
    with pytest.raises(ResumeError, match="keeps a set"):
        _flatten({1, 2})
