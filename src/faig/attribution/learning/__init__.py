"""Methods that learn what to alter, by steps on the outputs of the altered network (ours).

A score ranks units one by one, and scores do not add up to what a set does. What is learned is asked for that
directly: images with the degradation shall come out as one end's, and all others as the other end's, both in the
gradient map of gray (the paper's measure) and in pixels.
"""
