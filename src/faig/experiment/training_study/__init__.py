"""Training studies: the same start, images and iterations, trained in different ways."""
