"""The loss gradient of images, integrated along the path: rules, tiles, sums; no method is known here."""
