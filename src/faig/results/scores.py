"""What a file of scores says of itself, as far as a report needs it."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from faig.common.settings import validated


class ScoresInfo(BaseModel):
    """Metadata of a file of scores; what is not needed is not looked at.

    Attributes:
        method: that scored.
        quadrature: the rule of its integral.
        nodes: of the rule.
        images: their names.
        photos: of which each image is; none where each is a photo of its own.
        convergence_delta: by degradation.
        barrier: by degradation.
        ranking_error: by degradation.
        distrust: what speaks against the ranking.
        versions: of what computed it.
        threads: of the CPU.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    method: str | None = None
    quadrature: str | None = None
    nodes: int | None = None
    images: list[str] = Field(default_factory=list)
    photos: list[str] = Field(default_factory=list)
    convergence_delta: dict[str, float] = Field(default_factory=dict)
    barrier: dict[str, float] = Field(default_factory=dict)
    ranking_error: dict[str, float] = Field(default_factory=dict)
    distrust: str | None = None
    versions: dict[str, Any] = Field(default_factory=dict)
    threads: int | None = None

    @classmethod
    def of(cls, path: Path, metadata: dict[str, Any]) -> "ScoresInfo":
        """The metadata of a file.

        Raises:
            InputError: a part of it is none.
        """
        return validated(cls, metadata, str(path))
