"""Cards whose front matter is hostile: all YAML of `configurations`, and results of other shapes."""

from dataclasses import replace
from typing import Any

from faig.zoo.card import Measured, with_front_matter
from hostile.configurations import as_yaml, readable, unreadable
from hostile.item import Item

TEXT = "# mine\n"
MEASURED = [Measured("Set5", "blur", "target", 31.74, 0.8957)]
OTHERWISE = ("empty", "two documents")  # what else they are in a card
METRIC: dict[str, Any] = {"type": "psnr", "value": 31.7, "args": {"network": "target"}}


def result(*metrics: Any, **dataset: Any) -> list[Any]:
    """The models of a card with one result."""
    return [{"results": [{"dataset": {"name": "Set5", "config": "blur"} | dataset, "metrics": list(metrics)}]}]


def card(front: str | bytes) -> bytes:
    """A card of a front matter."""
    return b"---\n" + (front if isinstance(front, bytes) else front.encode()).rstrip(b"\n") + b"\n---\n# mine\n"


def in_front(item: Item) -> Item:
    """A file of YAML as the front matter of a card."""
    name = item.name.replace(".yaml", ".md")
    if not isinstance(item.make, bytes):
        return replace(item, name=name)
    is_text = item.make == item.make.decode(errors="ignore").encode()
    return Item(name, card(item.make), item.refused if is_text else "is no text", ([], TEXT))


def cards() -> list[Item]:
    """Cards that `read_card` reads, or refuses."""
    models: dict[str, Any] = {
        "a number": 3,
        "a text": "x",
        "a mapping": {"results": []},
        "nothing": None,
        "of nothing": [{}],
        "a list of numbers": [3],
        "results a text": [{"results": "x"}],
        "results of nothing": [{"results": [{}]}],
        "no measures": result(METRIC),
        "a measure twice": result(METRIC, METRIC | {"type": "ssim"}, METRIC | {"value": 30.0}),
        "a measure's value a word": result(METRIC | {"value": "high"}),
        "a value a list": result(METRIC | {"value": [1]}),
        "a value too large": result(METRIC | {"value": 10**400}),
        "no number": result(METRIC | {"value": float("nan")}),
        "without end": result(METRIC | {"value": float("inf")}),
        "no network": result({"type": "psnr", "value": 31.7}),
        "a network of numbers": result(METRIC | {"args": {"network": [1]}}),
        "a type that is a list": result(METRIC | {"type": ["psnr"]}),
        "metrics of numbers": result(1, 2),
        "a set without a name": result(METRIC, name=None),
        "a set that is a list": result(METRIC, name=["Set5"]),
    }
    others = [item for item in (*readable(), *unreadable()) if not item.name.startswith(OTHERWISE)]
    written = with_front_matter("mine", TEXT, MEASURED)
    return [
        Item("whole.md", written, right=(MEASURED, TEXT)),
        Item("of Windows.md", written.replace("\n", "\r\n"), right=(MEASURED, TEXT)),
        Item("begins with a mark.md", "\ufeff" + written, right=(MEASURED, TEXT)),
        Item("no front matter.md", TEXT, right=([], TEXT)),
        Item("empty.md", "", right=([], "")),
        Item("a word in Latin-1.md", b"# caf\xe9\n", "is no text"),
        *map(in_front, others),
        *(
            Item(f"models, {name}.md", card(as_yaml({"model-index": value})), "front matter")
            for name, value in models.items()
        ),
    ]
