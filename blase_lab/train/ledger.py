"""The exact ledger of a training: the float32 bits of every batch's loss, in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from blase_lab.core.errors import ModelError

_BITS = np.dtype("<f4")


class LossLedger:
    """Takes the loss of each batch as it comes and reads the device only when asked to."""

    def __init__(self, content: bytes, *, batches_per_epoch: int) -> None:
        """Continue the ledger whose bytes are `content`; empty for a new training."""
        self._content = bytearray(content)
        self._waiting: list[Any] = []
        self._batches_per_epoch = batches_per_epoch

    def __len__(self) -> int:
        """Count the batches, read or waiting."""
        return len(self._content) // _BITS.itemsize + len(self._waiting)

    def add(self, loss: Any) -> None:
        """Remember the loss of the next batch; a tensor may still be in the making."""
        self._waiting.append(loss)

    def settle(self) -> None:
        """Read all waiting losses; a ModelError names the first batch whose loss is no number."""
        values = np.asarray([np.float32(loss) for loss in self._waiting], dtype=_BITS)
        done = len(self._content) // _BITS.itemsize
        self._waiting.clear()
        self._content += values.tobytes()
        wrong = np.flatnonzero(~np.isfinite(values))
        if wrong.size:
            self._refuse(done + int(wrong[0]), float(values[wrong[0]]))

    def content(self) -> bytes:
        """Return the ledger as little-endian float32, one a batch; settled first."""
        self.settle()
        return bytes(self._content)

    def _refuse(self, place: int, value: float) -> None:
        epoch, batch = divmod(place, self._batches_per_epoch)
        raise ModelError(
            f"The loss is {value} in epoch {epoch + 1}, batch {batch + 1}.",
            way_out="Lower the learning rate, give the optimizer clipnorm=1.0, or look for a "
            "division or logarithm of zero in the loss.",
            epoch=epoch,
            batch=batch,
        )
