"""Settings of the methods that PGFA is compared with."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field

from pgfa.config.settings import StageSettings


class BaselineSettings(StageSettings):
    """Options of the methods that PGFA is compared with; docs/methods_compared.md describes each."""

    PAPER: ClassVar[dict[str, Any]] = {"smie_learning_rate": 1e-5}

    epochs: Annotated[int, Field(ge=1)] = 100
    """Passes over the stored features of the training clips, for every baseline that is trained on them."""
    batch_size: Annotated[int, Field(ge=2)] = 128
    """Clips per step of these baselines. The last partial batch is dropped, but for `smie` under `paper`."""
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    """Peak learning rate of `pgfa-frozen`, `devise` and `vae`."""
    smie_learning_rate: Annotated[float, Field(gt=0)] = 3e-4
    """Peak learning rate of `smie`: the authors' 1e-5 times the ratio of steps between their data and a small set."""
    smie_samples: Annotated[int, Field(ge=1, le=100)] = 4
    """Random choices of calm frames whose features are computed in advance, for the temporal term of `smie`."""
    devise_margin: Annotated[float, Field(gt=0)] = 0.1
    """Margin of `devise`: by how much the score of the right class should exceed the others."""
    eszsl_gamma: Annotated[float, Field(gt=0)] = 0.1
    """Regularisation of `eszsl` on the side of the features, which are standardised."""
    eszsl_lambda: Annotated[float, Field(gt=0)] = 0.1
    """Regularisation of `eszsl` on the side of the sentences, which are unit vectors."""
    vae_hidden: Annotated[int, Field(ge=1)] = 512
    """Units of the hidden layers of `vae`."""
    vae_latent: Annotated[int, Field(ge=1)] = 64
    """Size of the latent of `vae`."""
    t3a_supports: Annotated[int, Field(ge=1)] = 20
    """Supports per class in `t3a`, including the anchor."""
    cache_shots: Annotated[int, Field(ge=1)] = 8
    """Clips per class that `cache` stores."""
    cache_weight: Annotated[float, Field(ge=0)] = 2.0
    """Weight of the answer of `cache` relative to the scores, in units of their spread."""
    cache_sharpness: Annotated[float, Field(gt=0)] = 5.0
    """How fast the weight of a key of `cache` falls with its distance."""
