"""Which embedding looks at which part of an outcome: chosen by the parts' shapes, or asked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from activesci.inference.closed_form.arrays import below
from activesci.inference.embeddings.convolution import Convolution
from activesci.inference.embeddings.critic import part
from activesci.inference.embeddings.embedding import Dense, Embedding, Pooled
from activesci.inference.embeddings.encoding import Encoding
from activesci.inference.embeddings.own import OwnModule
from activesci.study.outcomes import ColumnSpec, Component, OutcomeSpace
from activesci.types import FloatArray, IntArray

SERIES, SIDE = 32, 8
"""An axis of so many numbers is a series; one of two such axes or more is a side of an image."""
LEAST_SERIES, LEAST_SIDE = 8, 4
"""The shortest that can be asked for by name."""
FITS = {
    "mlp": "an outcome without iid events",
    "conv1d": f"an outcome of shape [n] or [channels, n], n at least {LEAST_SERIES}, without iid",
    "conv2d": f"an outcome of shape [h, w] or [channels, h, w], h and w at least {LEAST_SIDE}, without iid",
    "set": "an outcome with iid events",
}
"""The names of the embeddings and what each is for."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """A part of the outcome and the form of what is to look at it; nothing is known of its size yet.

    Attributes:
        form: mlp, conv1d, conv2d, set or own.
        index: Places in the flat row, (*shape), of each input.
        specs: What they are: for each place along the last axis or, for arrays, of all.
    """

    form: str
    index: tuple[IntArray, ...]
    specs: tuple[tuple[ColumnSpec, ...], ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """Some of the outcome, encoded, and the embedding that looks at it."""

    encodings: tuple[Encoding, ...]
    embedding: Embedding

    def encoded(self, y: FloatArray) -> tuple[Tensor, ...]:
        """Return what the embedding takes of flat outcomes (..., width)."""
        return tuple(torch.tensor(encoding(y), dtype=torch.float32) for encoding in self.encodings)


@dataclass(frozen=True, slots=True)
class Readers:
    """All that look at an outcome; their features stand side by side."""

    parts: tuple[Reader, ...]

    @classmethod
    def of(cls, outcomes: OutcomeSpace, asked: "str | OwnModule", y: FloatArray) -> Self:
        """Return the readers of an outcome, their encodings made for flat outcomes (n, width) of a bank."""
        return cls(tuple(_reader(sketch, asked, y) for sketch in sketches(outcomes, asked)))

    @property
    def features(self) -> int:
        """How many features they make in all."""
        return sum(reader.embedding.features for reader in self.parts)

    def initial(self, members: int, rng: np.random.Generator) -> dict[str, Tensor]:
        """Return weights to start from, by name."""
        found = [reader.embedding.initial(members, rng) for reader in self.parts]
        return {f"reader{i}.{name}": w for i, weights in enumerate(found) for name, w in weights.items()}

    def encoded(self, y: FloatArray) -> list[tuple[Tensor, ...]]:
        """Return what each embedding takes of flat outcomes (..., width)."""
        return [reader.encoded(y) for reader in self.parts]

    def embedded(self, weights: Mapping[str, Tensor], encoded: Sequence[tuple[Tensor, ...]]) -> Tensor:
        """Return the features (members, n, features) of encoded outcomes, each (members or 1, n, ...)."""
        found = [
            reader.embedding(part(weights, f"reader{i}"), *x)
            for i, (reader, x) in enumerate(zip(self.parts, encoded, strict=True))
        ]
        return torch.cat(found, dim=-1)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Return encodings and sizes as named arrays; weights are not among them."""
        found: dict[str, NDArray[np.generic]] = {}
        for i, reader in enumerate(self.parts):
            if isinstance(reader.embedding, Pooled):
                found[f"reader{i}.usual"] = np.array(reader.embedding.usual)
            for j, encoding in enumerate(reader.encodings):
                found |= {f"reader{i}.code{j}.{name}": array for name, array in encoding.state().items()}
        return found

    @classmethod
    def restore(
        cls, outcomes: OutcomeSpace, asked: "str | OwnModule", state: Mapping[str, NDArray[np.generic]]
    ) -> Self:
        """Return the readers that `state` has described."""
        pairs = enumerate(sketches(outcomes, asked))
        return cls(tuple(_restored(sketch, asked, below(state, f"reader{i}")) for i, sketch in pairs))


def sketches(outcomes: OutcomeSpace, asked: "str | OwnModule") -> list[Sketch]:
    """Return how an outcome is looked at.

    Args:
        outcomes: The outcome.
        asked: auto, a name of FITS, or the user's own module.

    Raises:
        ValueError: If what is asked for does not fit the outcome.
    """
    if isinstance(asked, OwnModule):
        return [_own(outcomes)]
    found = list(_sketches(outcomes, asked))
    if asked != "auto" and asked not in {sketch.form for sketch in found}:
        raise ValueError(f"found {asked!r} for {described(outcomes)}, expected it for {FITS[asked]}")
    if asked == "mlp" and "set" in {sketch.form for sketch in found}:
        raise ValueError(f"found 'mlp' for {described(outcomes)}, expected it for {FITS['mlp']}; take set or auto")
    return found


def described(outcomes: OutcomeSpace) -> str:
    """Return the shapes of an outcome in words."""

    def one(component: Component) -> str:
        iid = "" if component.iid is None else f" with iid: {component.iid}"
        return f"{component.name} of shape {list(component.shape)}{iid}"

    return " and ".join(one(component) for component in outcomes.components)


def large(outcomes: OutcomeSpace) -> str | None:
    """Return why an outcome is better looked at by an embedding than described number by number; None if it is not."""
    most = 30
    for component in outcomes.components:
        if component.iid is None and (form := _form(component, "auto")) != "mlp":
            return f"{component.name} is {'a series' if form == 'conv1d' else 'an image'}"
    for group in outcomes.groups:
        if (reals := sum(column.kind == "real" for column in group.columns)) > most:
            return f"an outcome has {reals} real numbers, more than {most}"
    return None


def _sketches(outcomes: OutcomeSpace, asked: str) -> Iterator[Sketch]:
    plain: list[Component] = []
    for component in outcomes.components:
        if component.iid is not None:
            continue
        if (form := _form(component, asked)) == "mlp":
            plain.append(component)
            continue
        (channels, *places) = component.shape if len(component.shape) > int(form[4]) else (1, *component.shape)
        index = outcomes.places(component.name).reshape(channels, *places)
        yield Sketch(form, (index,), (component.specs()[:1],))
    if plain:
        index = np.concatenate([outcomes.places(component.name).ravel() for component in plain])
        yield Sketch("mlp", (index,), (tuple(spec for component in plain for spec in component.specs()),))
    for group in outcomes.groups:
        if group.iid is not None:
            index = np.arange(group.start, group.stop).reshape(group.events, len(group.columns))
            yield Sketch("set", (index,), (group.columns,))


def _form(component: Component, asked: str) -> str:
    """Return mlp, conv1d or conv2d."""
    shape, auto = component.shape, asked == "auto"
    series, side = (SERIES, SIDE) if auto else (LEAST_SERIES, LEAST_SIDE)
    if asked in ("auto", "conv2d") and len(shape) in (2, 3) and min(shape[-2:]) >= side:
        return "conv2d"
    if asked in ("auto", "conv1d") and len(shape) in (1, 2) and shape[-1] >= series:
        return "conv1d"
    return "mlp"


def _own(outcomes: OutcomeSpace) -> Sketch:
    """Return the sketch of a user's module, which is given every component by itself."""
    labelled = [component.kind == "category" for component in outcomes.components]
    places = [outcomes.places(component.name) for component in outcomes.components]
    index = tuple(at[..., None] if label else at for at, label in zip(places, labelled, strict=True))
    return Sketch("own", index, tuple(component.specs()[:1] for component in outcomes.components))


def _reader(sketch: Sketch, asked: "str | OwnModule", y: FloatArray) -> Reader:
    encodings = tuple(_encoding(sketch.form, *pair, y) for pair in zip(sketch.index, sketch.specs, strict=True))
    counts = (~np.isnan(y[:, sketch.index[0]]).any(axis=-1)).sum(axis=-1) if sketch.form == "set" else np.ones(1)
    return Reader(encodings, _embedding(sketch, asked, encodings[0], float(np.sqrt(np.mean(counts**2.0)))))


def _encoding(form: str, index: IntArray, specs: tuple[ColumnSpec, ...], y: FloatArray) -> Encoding:
    if form in ("mlp", "set") or specs[0].kind == "category":
        return Encoding.of_columns(index, specs, y)
    return Encoding.of_array(index, specs[0], y)


def _restored(sketch: Sketch, asked: "str | OwnModule", state: Mapping[str, NDArray[np.generic]]) -> Reader:
    pairs = enumerate(zip(sketch.index, sketch.specs, strict=True))
    encodings = tuple(Encoding.restore(index, specs, below(state, f"code{j}")) for j, (index, specs) in pairs)
    return Reader(encodings, _embedding(sketch, asked, encodings[0], float(state.get("usual", np.ones(())))))


def _embedding(sketch: Sketch, asked: "str | OwnModule", encoding: Encoding, usual: float) -> Embedding:
    if isinstance(asked, OwnModule):
        return asked
    if sketch.form == "set":
        return Pooled(encoding.width, usual)
    if sketch.form == "mlp":
        return Dense(encoding.width)
    channels, *places = sketch.index[0].shape
    assert prod(places) > 0  # shapes hold at least one number
    return Convolution(channels, tuple(places))
