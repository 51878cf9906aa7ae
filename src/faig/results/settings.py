"""What a run's ``config.yaml`` says, as far as its report and the check of its tables need it."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from faig.common.setting_types import Name
from faig.common.settings import validated
from faig.results.cells import Names
from faig.results.run_directory import read_config
from faig.results.tables import LEARNED


class Images(BaseModel):
    """The images of a run.

    Attributes:
        lr: folders by degradation.
        degrade: what is done to GT images, by degradation.
        photos: of a study, names of packaged ones, where it took no folder.
        folder: of a study, the name of the folder.
        crops: of a study, how many of all images together, or of each; None: whole images.
    """

    lr: dict[Name, str] = Field(default_factory=dict)
    degrade: dict[Name, Any] = Field(default_factory=dict)
    photos: list[str] = Field(default_factory=list)
    folder: str = ""
    crops: int | dict[str, int] | None = None


class Comparison(BaseModel):
    """The stage of a study that compares methods."""

    methods: list[str] = Field(default_factory=list)


class RunSettings(BaseModel):
    """Settings of any run; those that are not needed are not looked at.

    Attributes:
        command: that made the run.
        protocol: of a comparison or a study; with one, effects are measured on the images that filters are found on.
        target: a network, and
        baseline: the other one.
        images: of an attribution, a comparison or a sweep; of a study the folder that it takes images from.
        find: of a comparison, other images that filters are found on; of a ground truth study, names of photos.
        measure: of a study, the images that effects are measured on; of a ground truth study, names of photos.
        degrade: of a study, the degradations.
        filters: of a sweep a ranking by function; of a comparison rankings by method.
        method: of an attribution.
        methods: of a comparison.
        compare: of a study.
        reference: of a study: whether sets were learned to hold others against.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    command: str = ""
    protocol: str | None = None
    target: str | None = None
    baseline: str | None = None
    images: Images | str | None = None
    find: Images | list[str] | None = None
    measure: Images | list[str] | None = None
    degrade: dict[Name, Any] = Field(default_factory=dict)
    filters: dict[Name, str | dict[Name, str]] = Field(default_factory=dict)
    method: str | None = None
    methods: list[str] = Field(default_factory=list)
    compare: Comparison | None = None
    reference: dict[str, Any] | None = None

    @property
    def names(self) -> Names:
        """What functions and methods may be called in the tables of the run."""
        sets = [images for images in (self.images, self.find) if isinstance(images, Images)]
        turned = {name for name, file in self.filters.items() if isinstance(file, str)}
        methods = {*self.methods, *(self.compare.methods if self.compare else []), *(self.filters.keys() - turned)}
        return Names(
            frozenset(name for names in (self.degrade, turned, *(s.lr | s.degrade for s in sets)) for name in names),
            frozenset(methods | ({self.method} if self.method else set())),
            LEARNED if self.reference is not None else "",
        )


def read_settings(path: Path) -> RunSettings:
    """The settings in a run's ``config.yaml``.

    Raises:
        InputError: the file cannot be read, or a setting is none.
    """
    return validated(RunSettings, read_config(path), str(path))
