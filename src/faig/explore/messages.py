"""What a visitor set up: the photo and how it is made worse, and what is turned; as JSON says it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from faig.imaging.degradation import Degradation

WAYS = ("images", "set", "DNI", "blend", "map")
MOST_STRENGTH = 1.5
MOST_RUNS = 500_000  # of brushed units: more than any network's map can have is no brush

Strength = Annotated[float, Field(ge=0, le=MOST_STRENGTH)]
Name = Annotated[str, StringConstraints(pattern=r"^[\w.+-]{1,64}$")]
Number = Annotated[int, Field(ge=0, lt=2**31)]
Place = tuple[Number, Number, Number, Number]  # left, top, width, height, in pixels


class Message(BaseModel):
    """JSON whose values have their types: no text stands for a number, and nothing unknown is in it."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Worse(Message):
    """How a photo, taken as GT, is made worse: in this order, downsampled after the blur.

    Attributes:
        blur: σ in GT pixels; 0 is none.
        noise: σ of [0, 1] on the LR; 0 is none.
        jpeg: quality from 1 to 100, after the noise; None is none.
        seed: of the noise.
    """

    blur: float = 0.0
    noise: float = 0.0
    jpeg: int | None = None
    seed: int = Field(0, ge=0, lt=2**53)

    def degradation(self, downsampling: str) -> Degradation:
        """The same as steps.

        Raises:
            InputError: a level is out of range.
        """
        return Degradation(blur=self.blur, noise=self.noise, jpeg=self.jpeg, downsampling=downsampling)

    @model_validator(mode="after")
    def _levels(self) -> "Worse":
        self.degradation("bilinear")  # raises where one makes no sense
        return self


class Input(Message):
    """What the networks are shown.

    Attributes:
        photo: an example, or what the server called one that was sent.
        crop: of the photo; None is all of it.
        worse: None: the photo is the LR image itself, and there is no GT.
    """

    photo: Name
    crop: Place | None = None
    worse: Worse | None = None


class MapChange(Message):
    """What is done to units that were brushed.

    Attributes:
        action: ``revert``, ``strength``, ``graft`` or ``cut``; see `faig.intervention.edit`.
        strength: of ``strength``: 0 is the baseline's weights, 1 the target's.
        units: half-open runs ``[start, stop]`` of flat indices.
    """

    action: Literal["revert", "strength", "graft", "cut"] = "revert"
    strength: Strength = 0.0
    units: tuple[tuple[Number, Number], ...] = Field((), max_length=MOST_RUNS)


class Change(Message):
    """What is turned, and in which way.

    Attributes:
        way: ``images`` and ``set`` turn functions by output images and by weights (see `knob.turn`); ``DNI`` and
            ``blend`` turn everything, at `position`; ``map`` what was brushed.
        strengths: by function: 0 is off, 1 the target; a function without one stays at 1.
        map: of the way ``map``.
    """

    way: Literal["images", "set", "DNI", "blend", "map"] = "images"
    strengths: dict[Name, Strength] = Field(default_factory=dict)
    map: MapChange | None = None

    @model_validator(mode="after")
    def _has_map(self) -> "Change":
        if (self.way == "map") != (self.map is not None):
            raise ValueError("the way map and the field map come together")
        return self

    @property
    def position(self) -> float:
        """Where ``DNI`` and ``blend`` stand: the first strength below 1, else the first above it; 1 where all are 1."""
        strengths = self.strengths.values()
        below = [strength for strength in strengths if strength < 1]
        return next(iter([*below, *(strength for strength in strengths if strength > 1)]), 1.0)
