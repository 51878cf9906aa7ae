#!/bin/sh
# The study from photos to tables, from the root of a clone.
set -eu
here=examples/three-degradations
python $here/photos.py
for net in baseline target; do
  test -f runs/three/$net/network.safetensors || faig train $here/$net.yaml
done
faig compare --baseline runs/three/baseline/network.safetensors --target runs/three/target/network.safetensors \
  --gt runs/three/photos/measure --find-gt runs/three/photos/find --degrade blur=2,noise=0.1,jpeg=20 \
  --methods faig,signed,gradient-contrastive,change,random --proportions 1,5,10 --out runs/three/compare
faig distribution runs/three/compare --proportions 5,1,10
