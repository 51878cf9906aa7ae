"""What a visitor sees, as lines of the command line and of Python that make the same of ``photo.png``."""

import shlex
from typing import Any

from faig.explore.downloads import filters_of
from faig.explore.explorer import Explorer
from faig.explore.messages import Change, Input, MapChange
from faig.explore.photos import NAME
from faig.filters import FilterSet

PHOTO = f"{NAME}.png"
FEW = 50  # runs of units that are written out; more come from the file that can be downloaded
CSV = "filters.csv"
COMMANDS = {"revert": "revert", "strength": "modulate", "graft": "graft"}  # of the map's actions


def commands(explorer: Explorer, shown: Input, change: Change) -> dict[str, str]:
    """Lines for a shell, and for Python; both leave the altered output as a PNG file.

    Args:
        explorer: whose pair it is.
        shown: the photo, and how it is made worse.
        change: what is turned.

    Returns:
        ``shell`` and ``python``.

    Raises:
        InputError: the change turns what is not there.
    """
    explorer.networks.parts(change)  # refuses what is not there
    return {"shell": "\n".join(_shell(explorer, shown, change)), "python": "\n".join(_python(explorer, shown, change))}


def _shell(explorer: Explorer, shown: Input, change: Change) -> list[str]:
    action = change.map.action if change.map is not None else ""
    if change.way in ("DNI", "blend") or action == "cut":
        return [f"# {action or change.way} has no command; the lines of Python do it"]
    lines, lr = [], PHOTO
    named = explorer.subject.named
    if shown.worse is not None or shown.crop is not None:
        lines.append("mkdir -p gt")
        lines.append(f"cp {PHOTO} gt/{PHOTO}" if shown.crop is None else _cropped(shown.crop))
        lr = f"gt/{PHOTO}"
    if (worse := shown.worse) is not None:
        levels = {"--blur": worse.blur or None, "--noise": worse.noise or None, "--jpeg": worse.jpeg}
        given = " ".join(f"{name} {value}" for name, value in levels.items() if value is not None)
        lines.append(
            f"faig degrade gt lr --scale {explorer.pair.scale} {given} --downsampling {explorer.subject.downsampling} "
            f"--seed {worse.seed}".replace("  ", " ")
        )
        lr = f"lr/{PHOTO}"
    pair = _options(named)
    if change.map is not None:
        strength = f" --strength {change.map.strength}" if action == "strength" else ""
        lines.append(f"# {CSV} is among the downloads")
        lines.append(
            f"faig {COMMANDS[action]} {pair} --filters {CSV} --top {_percent(explorer, change)}{strength} "
            "--out altered.safetensors"
        )
        return [*lines, f"faig restore altered.safetensors {lr} --out restored"]
    turned = {name: strength for name, strength in change.strengths.items() if strength != 1}
    network, of_pair = (f"{shlex.quote(named['target'])} ", "") if "target" in named else ("", f" {pair}")
    if turned:
        if "baseline" in named:
            of_pair = f" --baseline {shlex.quote(named['baseline'])}" + "".join(
                f" --filters {shlex.quote(f'{name}={explorer.subject.functions[name].source}')}" for name in turned
            )
        levels_given = ",".join(f"{name}={strength}" for name, strength in turned.items())
        of_pair += f" --strength {levels_given}" + (" --way weights" if change.way == "set" else "")
    return [*lines, f"faig restore {network}{lr}{of_pair} --out restored"]


def _python(explorer: Explorer, shown: Input, change: Change) -> list[str]:
    subject = explorer.subject
    options = {name: value for name, value in subject.named.items() if name != "pair"}
    options |= {} if explorer.pair.unit == "filter" else {"unit": explorer.pair.unit}
    everything = ", everything=True" if explorer.pair.everything else ""
    named = ", ".join(f"{name}={value!r}" for name, value in options.items()) + everything
    turns = change.map is None and change.way in ("images", "set")
    lines = ["import faig", "from faig.imaging.images import mod_crop", "from faig.imaging.metrics import in_channels"]
    lines += ["from faig.zoo.scores import chosen_by"] if turns else []
    pair = f"faig.load_pair({subject.named['pair']!r})" if "pair" in subject.named else f"faig.Pair({named})"
    lines += ["from faig.intervention.edit import cut"] if change.map and change.map.action == "cut" else []
    lines += ["", f"pair = {pair}", f'photo = in_channels(faig.read_image("{PHOTO}"), pair.channels)']
    if shown.crop is not None:
        x, y, width, height = shown.crop
        lines.append(f"photo = photo[:, {y}:{y + height}, {x}:{x + width}]")
    if (worse := shown.worse) is not None:
        levels = f"blur={worse.blur!r}, noise={worse.noise!r}, jpeg={worse.jpeg!r}"
        lines += [
            "gt = mod_crop(photo, pair.scale)",
            f"degradation = faig.Degradation({levels}, downsampling={subject.downsampling!r})",
            f'lr = degradation(gt, pair.scale, seed={worse.seed}, name="{NAME}")',
        ]
    shown_as = "photo" if worse is None else "lr"
    return [*lines, *_altered(explorer, change), f'faig.write_image("altered.png", faig.restore(network, {shown_as}))']


def _altered(explorer: Explorer, change: Change) -> list[str]:
    """The lines that make the network."""
    if change.map is not None:
        return [_units(explorer, change, change.map), f"network = {_action(change.map)}"]
    if change.way in ("DNI", "blend"):
        return [f"network = faig.{change.way.lower()}(pair.target, pair.baseline, {change.position!r})"]
    sources = {name: function.source for name, function in explorer.subject.functions.items()}
    way = "weights" if change.way == "set" else "images"
    return [
        f"functions = chosen_by({sources!r}, pair.target, baseline=pair.baseline)",
        f"network = pair.turn(functions, {dict(change.strengths)!r}, {way!r})",
    ]


def _units(explorer: Explorer, change: Change, brushed: MapChange) -> str:
    if len(brushed.units) > FEW:
        share = len(filters_of(explorer, change)) / len(explorer.pair.space)
        return f'units = faig.read_units("{CSV}", pair.target).top({share!r})  # {CSV} is among the downloads'
    runs = ", ".join(f"*range({start}, {stop})" for start, stop in brushed.units)
    return f"units = faig.FilterSet.of(pair.space, [{runs}])"


def _action(brushed: MapChange) -> str:
    if brushed.action == "strength":
        return f"pair.modulate(units, {brushed.strength!r})"
    return "cut(pair.target, units)" if brushed.action == "cut" else f"pair.{brushed.action}(units)"


def _percent(explorer: Explorer, change: Change) -> str:
    chosen: FilterSet = filters_of(explorer, change)
    return f"{100 * len(chosen) / len(explorer.pair.space)!r}%"


def _options(named: Any) -> str:
    return " ".join(f"--{name} {shlex.quote(value)}" for name, value in named.items())


def _cropped(crop: tuple[int, int, int, int]) -> str:
    x, y, width, height = crop
    box = f"({x}, {y}, {x + width}, {y + height})"
    code = f'from PIL import Image; Image.open("{PHOTO}").convert("RGB").crop({box}).save("gt/{PHOTO}")'
    return f"python -c {shlex.quote(code)}"
