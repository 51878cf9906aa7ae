"""What a visitor may set up, and what the library makes of it."""

import itertools

from faig.explore.messages import Change, Input, MapChange, Worse
from faig.filters import FilterSet
from faig.imaging.images import mod_crop
from faig.imaging.photos import photograph
from faig.intervention import edit
from faig.intervention.knob import blend, dni, turn

CROP = (40, 30, 61, 45)
BLURRY = Input(photo="chelsea", crop=CROP, worse=Worse(blur=2.0, noise=0.05, jpeg=70, seed=3))
BRUSHED = ((0, 9), (30, 41))


def lr_of(shown: Input, subject, scale: int = 2):
    photo = photograph(shown.photo)
    if shown.crop is not None:
        x, y, width, height = shown.crop
        photo = photo[:, y : y + height, x : x + width]
    if shown.worse is None:
        return photo, None
    gt = mod_crop(photo, scale)
    degradation = shown.worse.degradation(subject.downsampling)
    return degradation(gt, scale, seed=shown.worse.seed, name="photo"), gt


def expected(change: Change, subject):
    """The network of a change, by the library's own functions."""
    target, baseline = subject.pair.target, subject.pair.baseline
    if change.map is not None:
        units = FilterSet.of(subject.pair.space, [index for run in change.map.units for index in range(*run)])
        if change.map.action == "strength":
            return edit.modulate(target, baseline, units, change.map.strength)
        if change.map.action == "cut":
            return edit.cut(target, units)
        return {"revert": edit.revert, "graft": edit.graft}[change.map.action](target, baseline, units)
    if change.way in ("DNI", "blend"):
        return {"DNI": dni, "blend": blend}[change.way](target, baseline, change.position)
    way = {"images": "images", "set": "weights"}[change.way]
    return turn(target, baseline, subject.units, change.strengths, way)


LEVELS = [{}, {"blur": 0.0}, {"blur": 0.5}, {"noise": 1.3}, {"blur": 0.25, "noise": 0.5}, {"blur": 0, "noise": 0.0}]
CHANGES = [
    *(Change(way=way, strengths=at) for way, at in itertools.product(("images", "set", "DNI", "blend"), LEVELS)),
    *(
        Change(way="map", map=MapChange(action=action, strength=0.4, units=BRUSHED))
        for action in ("revert", "strength", "graft", "cut")
    ),
]
