"""The page to play with: a photo, a pair, and a slider a function; served, or written as a folder."""
