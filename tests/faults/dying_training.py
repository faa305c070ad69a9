"""A training in a process of its own, which may kill itself in the middle of a batch count.

Usage: dying_training.py FOLDER TRAINING_ID KILL_AFTER_BATCHES; 0 means to live. Prints the run.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).parent.parent / "unit" / "train"))

from memory_batches import dropout_model, people

from blase_lab.core.records import Training
from blase_lab.store import Store
from blase_lab.train import TrainingJob, train_model


def killer(batches: int) -> Any:
    """Return a callback that kills the process after so many batches."""
    import keras

    class Killer(keras.callbacks.Callback):  # type: ignore[misc]
        count = 0

        def on_train_batch_end(self, batch: int, logs: object = None) -> None:
            del batch, logs
            self.count += 1
            if self.count == batches:
                os.kill(os.getpid(), signal.SIGKILL)

    return Killer()


def main() -> None:
    """Train, or go on with a training, and print its run as JSON."""
    folder, training_id, batches = sys.argv[1], sys.argv[2], int(sys.argv[3])
    store = Store.open(Path(folder))
    training = store.ledger.get(Training, training_id)
    job = TrainingJob(
        training=training,
        model_function=dropout_model,
        feed=people(seed=training.hyperparameters.seed),
        callbacks={"killer": lambda: killer(batches)},
        resume=bool(store.events.read(training_id)[0]),
    )
    run = train_model(job, store=store)
    sys.stdout.write(msgspec.json.encode(run).decode())


if __name__ == "__main__":
    main()
