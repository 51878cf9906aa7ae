"""faig: which filters of an image-restoration network do which job; switch it off, or turn it up and down.

The way through: images → degradation → cases → attribution → scores → filter set → intervention → restoration →
effect. Each word is a module; ``__init__.pyi`` lists what one usually needs of them, and each name is imported when it
is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
