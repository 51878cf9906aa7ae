"""``python -m faig``, for launchers such as torchrun."""

from faig.common.process import prepare

if __name__ == "__main__":
    prepare()  # before anything loads torch
    from faig.cli import main

    main()
