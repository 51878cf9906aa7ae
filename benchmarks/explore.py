"""How soon ``faig explore`` answers, over HTTP: first answers, and a strength turned on the preview crop.

The median over turns; wall time, and the server's own processor time, which other programs on the machine do not add
to. The ratio is to one pass of the target over the preview crop, measured in this process.

    python benchmarks/explore.py --json docs/results/explore.json
"""

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

import faig

INPUT = {"photo": "chelsea", "crop": None, "worse": {"blur": 2.0, "noise": 0.1}}
WAYS = ("images", "set", "DNI", "blend", "map")
PREVIEW = 96


class Client:
    """One page that is open."""

    def __init__(self, port: int) -> None:
        self.port, self.serial = port, 0

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        assert answer.status == 200, content
        return content

    def post(self, what: str, **body: Any) -> dict[str, Any]:
        self.serial += 1
        request = {"page": "benchmark", "serial": self.serial, "input": INPUT, **body}
        return json.loads(self.ask("POST", f"/api/{what}", request))


def main(
    pair: Annotated[str, typer.Option(help="Of the zoo.")] = "srresnet-x2",
    turns: Annotated[int, typer.Option(help="How many of each way.")] = 20,
    threads: int = 2,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write all numbers there, beside those of others.")
    ] = None,
) -> None:
    """Print seconds; with --json write them too."""
    told = {"pair": pair, "turns": turns, "threads": threads} | measured(pair, turns, threads)
    told |= {"pass": one_pass(pair, turns, threads), "load": os.getloadavg()[0]}
    told["ratio"] = {way: seconds["cpu"] / told["pass"]["cpu"] for way, seconds in told["turn"].items()}
    print(json.dumps(told, indent=1))
    if json_file:
        known = json.loads(json_file.read_text()) if json_file.exists() else {}
        json_file.write_text(json.dumps(known | {"server": told}, indent=1) + "\n")


def measured(pair: str, turns: int, threads: int) -> dict[str, Any]:
    """All that needs the server."""
    command = [sys.executable, "-m", "faig", "explore", "--pair", pair, "--no-open", "--port", "0"]
    begun = time.perf_counter()
    with subprocess.Popen([*command, "--threads", str(threads)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = re.match(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
            assert address
            client = Client(int(address[1]))
            client.ask("GET", "/api/pair")
            ready = time.perf_counter() - begun
            first = timed(process.pid, client.post, "prepare", full=False)
            client.post("alter", change={"strengths": {"blur": 0.5}})
            turn = {
                way: medians([timed(process.pid, turned, client, way, place) for place in range(turns)]) for way in WAYS
            }
            numbers = [timed(process.pid, turned, client, "images", place, numbers=True) for place in range(2)]
        finally:
            process.terminate()
    return {
        "started": {"wall": ready},
        "first_prepare": first,
        "turn": turn,
        "numbers_first": numbers[0],
        "numbers_again": numbers[1],
    }


def turned(client: Client, way: str, place: int, numbers: bool = False) -> None:
    """One step of a slider, with the picture."""
    strengths = {"blur": round(0.3 + place / 100, 4)}
    brushed = {"action": "revert", "units": [[100 * place, 100 * place + 1500]]} if way == "map" else None
    change = {"way": way, "strengths": {} if way == "map" else strengths, "map": brushed}
    client.ask("GET", client.post("alter", change=change, numbers=numbers)["pictures"]["altered"])


def one_pass(pair: str, turns: int, threads: int) -> dict[str, float]:
    """The target over an image of the preview's size."""
    torch.set_num_threads(threads)
    target = faig.load_pair(pair).target
    image = torch.rand(3, PREVIEW, PREVIEW)
    return medians([timed(os.getpid(), faig.restore, target, image) for _ in range(turns)])


def timed(process: int, work: Callable[..., object], *arguments: Any, **more: Any) -> dict[str, float]:
    """Seconds that work takes, and that a process (Linux) spends meanwhile."""
    begun, spent = time.perf_counter(), processor_time(process)
    work(*arguments, **more)
    return {"wall": time.perf_counter() - begun, "cpu": processor_time(process) - spent}


def processor_time(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


if __name__ == "__main__":
    typer.run(main)
