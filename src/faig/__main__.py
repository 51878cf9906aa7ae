"""``python -m faig``, for launchers such as torchrun."""

from faig.cli import main

if __name__ == "__main__":
    main()
