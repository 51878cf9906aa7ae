#!/bin/sh
# The study from the shipped pair to a page, from the root of a clone.
set -eu
faig run examples/three-degradations/study.yaml --out runs/three/study
faig report runs/three/study
