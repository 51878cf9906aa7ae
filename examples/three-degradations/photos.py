"""Writes the photos of the study into runs/three/photos, from those that scikit-image ships (public domain or CC0).

Networks are trained on whole photos, filters found on crops of them, and effects measured on crops of another photo.
"""

from pathlib import Path

from faig import write_image
from faig.experiment.demo import photograph, take_crops

OUT = Path("runs/three/photos")
TRAIN = ("astronaut", "coffee", "rocket")
FIND = {"astronaut": 4, "coffee": 4, "rocket": 4}  # how many crops of 64x64
MEASURE = {"chelsea": 8}

for part, photos in {
    "train": {name: photograph(name) for name in TRAIN},
    "find": take_crops(FIND),
    "measure": take_crops(MEASURE),
}.items():
    (OUT / part).mkdir(parents=True, exist_ok=True)
    for name, photo in photos.items():
        write_image(OUT / part / f"{name}.png", photo)
print(OUT)
