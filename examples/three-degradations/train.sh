#!/bin/sh
# The pair again, from the root of a clone. Needs training images in datasets/BSD400, some images in datasets/Set5, and faig[train].
set -eu
here=examples/three-degradations
mkdir -p $here/pair
for net in baseline target; do
  faig train $here/$net.yaml
  faig zoo export runs/three/$net/network.safetensors $here/pair/$net.safetensors --half --force
done
