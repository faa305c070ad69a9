"""What a model step is given: the model's inputs by name, and the tensors to build upon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from blase_lab.core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from blase_lab.core.records import InputSpec


class Inputs(Mapping[str, "InputSpec"]):
    """A mapping of input name to its spec, in the order of the features.

    A model step reads `.categories` and `.shape` of each spec, and takes `tensors()` as the
    inputs of its model: `keras.Model(inputs=tensors, outputs=...)`.
    """

    def __init__(self, specs: Sequence[InputSpec]) -> None:
        """Hold the specs; no Keras is needed until `tensors()` is called."""
        self._specs = {spec.name: spec for spec in specs}
        self._tensors: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> InputSpec:
        """Return the spec of one input; a ModelError names those there are."""
        if name not in self._specs:
            raise ModelError(
                f"The model step asks for the input `{name}`, which no feature step makes.",
                way_out=f"Use one of: {', '.join(self._specs)}.",
                name=name,
                known=list(self._specs),
            )
        return self._specs[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the names in the order of the features."""
        return iter(self._specs)

    def __len__(self) -> int:
        """Count the inputs."""
        return len(self._specs)

    def __contains__(self, name: object) -> bool:
        """Say whether there is an input of this name."""
        return name in self._specs

    def tensors(self) -> dict[str, Any]:
        """Return one `keras.Input` for every name: the same ones at every call."""
        if self._tensors is None:
            import keras

            self._tensors = {
                name: keras.Input(shape=spec.shape, dtype=spec.dtype, name=name)
                for name, spec in self._specs.items()
            }
        return self._tensors
