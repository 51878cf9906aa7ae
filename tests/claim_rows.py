"""Rows of tables that claims are judged by."""


def row(place: dict, **numbers) -> dict:
    """Numbers as (value, half of the interval) become three columns."""
    ends = {}
    for name, (value, half) in numbers.items():
        ends |= {name: value, f"{name}_low": value - half, f"{name}_high": value + half}
    return place | ends
