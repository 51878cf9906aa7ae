"""Bad and hostile requests: one line each, nothing written, and the server lives."""

import io
import itertools
import json
import os
import socket
import struct
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from faig.explore import server as serving
from faig.explore.explorer import png

INPUT = {"photo": "chelsea", "crop": [0, 0, 32, 32], "worse": {"blur": 2.0}}
CHANGE = {"strengths": {"blur": 0.5}}
ASKED = {"page": "hostile", "serial": 1, "input": INPUT, "change": CHANGE}
SMALL = png(torch.rand(3, 8, 8))


def asked(*path: str, value: object) -> bytes:
    """A request to alter with something else at one place."""
    changed = json.loads(json.dumps(ASKED))
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return json.dumps(changed).encode()


def claimed(width: int, height: int) -> bytes:
    """A PNG file that says it is of this size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return SMALL[:8] + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + SMALL[33:]


REQUESTS = {  # what is sent, and what the answer says
    "no JSON": (b"not JSON", 400, "Invalid JSON"),
    "nothing": (b"", 400, "Invalid JSON"),
    "half of it": (json.dumps(ASKED).encode()[:-5], 400, "Invalid JSON"),
    "a list": (b"[]", 400, "should be an object"),
    "null": (b"null", 400, "should be an object"),
    "a number": (b"7", 400, "should be an object"),
    "nested too deeply": (b"[" * 100_000 + b"]" * 100_000, 400, "recursion"),
    "objects in objects": (b'{"a":' * 5000, 400, "Invalid JSON"),
    "no UTF-8": (b'{"page": "\xff\xfe"}', 400, "Invalid JSON"),
    "a lone surrogate": (rb'{"page": "\ud800"}', 400, "Invalid JSON"),
    "an empty object": (b"{}", 400, "page: Field required"),
    "a field of no one": (asked("colour", value="red"), 400, "colour: there is no such setting"),
    "a field of a thousand letters": (asked("x" * 100_000, value=1), 400, "there is no such setting"),
    "a field that pollutes": (asked("__proto__", value={"a": 1}), 400, "there is no such setting"),
    "a page that is a number": (asked("page", value=3), 400, "page"),
    "a page with a path": (asked("page", value="../../etc"), 400, "page"),
    "a serial below 0": (asked("serial", value=-1), 400, "serial"),
    "a serial without end": (asked("serial", value=10**400), 400, "serial"),
    "a serial as text": (asked("serial", value="1"), 400, "serial"),
    "a photo with a path": (asked("input", "photo", value="/etc/passwd"), 400, "input.photo"),
    "a photo above": (asked("input", "photo", value="../target"), 400, "input.photo"),
    "a photo of no one": (asked("input", "photo", value="nobody"), 400, "no photo 'nobody'"),
    "a function of Python": (asked("input", "photo", value="__class__"), 400, "no photo"),
    "a photo that is no example": (asked("input", "photo", value="download_all"), 400, "no photo"),
    "a crop of three": (asked("input", "crop", value=[0, 0, 5]), 400, "input.crop"),
    "a crop of texts": (asked("input", "crop", value=["0", "0", "5", "5"]), 400, "input.crop"),
    "a crop outside": (asked("input", "crop", value=[0, 0, 10**6, 10**6]), 400, "is not inside the photo"),
    "a crop below 0": (asked("input", "crop", value=[-5, 0, 10, 10]), 400, "input.crop"),
    "a crop of nothing": (asked("input", "crop", value=[0, 0, 0, 0]), 400, "is not inside the photo"),
    "a crop without end": (asked("input", "crop", value=[0, 0, 10**400, 1]), 400, "input.crop"),
    "a blur below 0": (asked("input", "worse", value={"blur": -1.0}), 400, "blur -1 is outside"),
    "a blur of thousands": (asked("input", "worse", value={"blur": 5000.0}), 400, "blur 5000 is outside"),
    "no number": (asked("input", "worse", value={"noise": "NaN"}), 400, "worse.noise"),
    "NaN": (json.dumps(ASKED).replace("2.0", "NaN").encode(), 400, "input.worse.blur"),
    "infinite": (json.dumps(ASKED).replace("2.0", "1e999").encode(), 400, "input.worse.blur"),
    "a quality of 0": (asked("input", "worse", value={"jpeg": 0}), 400, "jpeg 0 is outside"),
    "half a quality": (asked("input", "worse", value={"jpeg": 1.5}), 400, "worse.jpeg"),
    "a seed below 0": (asked("input", "worse", value={"seed": -1}), 400, "worse.seed"),
    "a way of no one": (asked("change", "way", value="magic"), 400, "change.way"),
    "a function of no one": (asked("change", "strengths", value={"snow": 0.5}), 400, "no function 'snow'"),
    "a strength of 9": (asked("change", "strengths", value={"blur": 9}), 400, "change.strengths.blur"),
    "a strength as text": (asked("change", "strengths", value={"blur": "0.5"}), 400, "change.strengths.blur"),
    "a function with a path": (asked("change", "strengths", value={"../x": 0.5}), 400, "change.strengths"),
    "a map without units": (asked("change", value={"way": "map", "map": {}}), 400, "no filter is brushed"),
    "a map without a map": (asked("change", value={"way": "map"}), 400, "come together"),
    "units outside": (asked("change", value={"way": "map", "map": {"units": [[0, 10**9]]}}), 400, "no filters 0 to"),
    "units back to front": (
        asked("change", value={"way": "map", "map": {"units": [[9, 3]]}}),
        400,
        "filters 9 to 3",
    ),
    "units of three": (asked("change", value={"way": "map", "map": {"units": [[1, 2, 3]]}}), 400, "change.map.units"),
    "an action of no one": (asked("change", value={"way": "map", "map": {"action": "burn"}}), 400, "map.action"),
    "too many runs": (
        asked("change", value={"way": "map", "map": {"units": [[0, 1]] * 500_001}}),
        400,
        "change.map.units",
    ),
}

FILES = {
    "nothing": b"",
    "text": b"<script>alert(1)</script>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "a head alone": SMALL[:8],
    "half a file": SMALL[: len(SMALL) // 2],
    "a byte is altered": SMALL[:50] + bytes([SMALL[50] ^ 255]) + SMALL[51:],
    "more pixels than fit": claimed(200_000, 200_000),
    "as many as there can be": claimed(2**31 - 1, 2**31 - 1),
    "no pixels": claimed(0, 0),
    "a GIF": b"GIF89a" + bytes(100),
    "a PDF": b"%PDF-1.7\n" + bytes(100),
    "a ZIP": b"PK\x03\x04" + bytes(100),
    "JPEG's head": b"\xff\xd8\xff\xe0" + bytes(200),
    "TIFF that points outside": b"II*\x00\xff\xff\xff\x7f" + bytes(50),
    "WebP's head": b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(50),
    "BMP's head": b"BM" + b"\xff" * 60,
    "zeros": bytes(1000),
}


@pytest.fixture(autouse=True)
def unharmed(served, monkeypatch, tmp_path, tmp_path_factory, capfd):
    """After each test nothing is written, nothing is printed, and the server answers as before."""
    place = tmp_path_factory.mktemp("place")
    monkeypatch.chdir(place)
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    yield
    assert list(place.iterdir()) == []
    assert list(tmp_path.iterdir()) == []
    answer = served.client.post("/api/prepare", {"page": f"after-{os.urandom(4).hex()}", "serial": 1, "input": INPUT})
    assert answer.status == 200
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def check_error(answer, status: int, text: str = "") -> None:
    assert answer.status == status, answer.json
    assert list(answer.json) == ["error"]
    line = answer.json["error"]
    assert text in line
    assert "\n" not in line
    assert len(line) < 2100
    for path in (str(Path.home()), str(Path.cwd()), tempfile.gettempdir(), "/src/", "site-packages", ".py"):
        assert path not in line.replace("/api", ""), line


@pytest.mark.slow
@pytest.mark.parametrize("name", REQUESTS)
@pytest.mark.parametrize("path", ["/api/alter"])
def test_a_bad_request_is_one_line(served, path, name):
    body, status, text = REQUESTS[name]
    check_error(served.client.post(path, body), status, text)


@pytest.mark.parametrize("path", ["/api/prepare", "/api/download", "/api/commands"])
@pytest.mark.parametrize("name", ["no JSON", "a list", "nested too deeply", "a field of no one", "a photo with a path"])
def test_every_endpoint_checks_what_it_is_sent(served, path, name):
    check_error(served.client.post(path, REQUESTS[name][0]), 400)


@pytest.mark.parametrize("name", FILES)
def test_what_is_no_photo_is_one_line(served, name):
    before = served.explorer.photos._sent.bytes
    check_error(served.client.post("/api/photos", FILES[name]), 400, "the photo")
    assert served.explorer.photos._sent.bytes == before


def test_a_body_that_is_too_large_is_refused_before_it_is_read(served, monkeypatch):
    monkeypatch.setattr(serving, "BYTES", 1000)
    monkeypatch.setattr(serving, "LONGEST", 1000)
    for path in ("/api/photos", "/api/alter", "/api/download"):
        check_error(served.client.post(path, bytes(1001)), 413, "1,000 are allowed")
        chunked = served.client.ask("POST", path, iter([bytes(600), bytes(600)]), {"Transfer-Encoding": "chunked"})
        check_error(chunked, 413, "more than 1,000 bytes")


def test_a_body_that_does_not_come_is_not_waited_for(served, monkeypatch):
    monkeypatch.setattr(serving, "PATIENCE", 0.2)
    with socket.create_connection(("127.0.0.1", served.client.port), timeout=20) as connection:
        connection.sendall(b"POST /api/photos HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 500\r\n\r\nhalf")
        assert b" 408 " in connection.recv(65536).split(b"\r\n")[0]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/nothing", 404),
        ("GET", "/api/unit/-1", 404),
        ("GET", "/api/unit/x", 404),
        ("GET", "/api/unit/99999999", 400),
        ("GET", f"/api/unit/{10**300}", 400),
        ("GET", "/api/examples/..%2f..%2fetc.png", 404),
        ("GET", "/api/examples/nobody.png", 400),
        ("GET", "/api/photos/chels.png", 400),
        ("GET", "/api/picture/0.png", 404),
        ("GET", "/api/picture/..%2f0.png", 404),
        ("POST", "/api/pair", 405),
        ("GET", "/api/alter", 404),
        ("DELETE", "/api/photos", 405),
        ("PUT", "/", 405),
        ("TRACE", "/", 405),
        ("GET", "/" + "a" * 5000, 404),
        ("GET", "/%00", 404),
        ("GET", "/\\..\\secret", 404),
    ],
)
def test_what_is_not_there_is_one_line(served, method, path, status):
    check_error(served.client.ask(method, path), status)


@pytest.mark.parametrize(
    "host",
    [
        *("elsewhere.org", "127.0.0.1.elsewhere.org", "elsewhere.org@127.0.0.1", "localhost.elsewhere.org:80", ""),
        *("10.0.0.1", "127.0.0.1:x", "localhost/", "[::1", "::1:2:3", "127.0.0.1#", "0.0.0.0"),
    ],
)
def test_a_name_of_others_is_refused(served, host):
    """As when a name of an attacker's was made to stand for this machine."""
    for path in ("/api/pair", "/", "/api/examples/chelsea.png"):
        check_error(served.client.get(path, Host=host), 403)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1234", "LOCALHOST", "[::1]:80"])
def test_names_of_this_machine_are_ours(served, host):
    assert served.client.get("/api/pair", Host=host).status == 200
    assert served.client.get("/api/pair", Host=host, Origin=f"http://{host}").status == 200


@pytest.mark.parametrize(
    "origin",
    ["http://elsewhere.org", "null", "https://127.0.0.1", "http://127.0.0.1", "http://localhost", "file://", ""],
)
def test_pages_of_others_are_refused(served, origin):
    """The port is part of an origin: another server on this machine is another site."""
    for method, path, body in (
        ("GET", "/api/pair", None),
        ("POST", "/api/photos", SMALL),
        ("POST", "/api/alter", b"{}"),
    ):
        check_error(served.client.ask(method, path, body, {"Origin": origin}), 403, "other sites")
    ours = f"http://127.0.0.1:{served.client.port}"
    assert served.client.get("/api/pair", Origin=ours).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\x01\x02\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /api/photos HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /api/photos HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=lambda sent: sent[:60].decode("latin-1").split("\r")[0],
)
def test_what_is_no_http_is_refused(served, sent, capfd):
    with socket.create_connection(("127.0.0.1", served.client.port), timeout=20) as connection:
        connection.sendall(sent)
        answer = io.BytesIO()
        try:
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer.write(part)
        except OSError:  # the server has hung up
            pass
    assert b" 200 " not in answer.getvalue().split(b"\r\n")[0]
    capfd.readouterr()  # a line about it is in the log


def test_photos_push_out_older_ones_and_memory_stays_bounded(served, monkeypatch):
    photos = served.explorer.photos
    monkeypatch.setattr(photos._sent, "_most", 3 * 100 * 100 * 3)
    content = png(torch.rand(3, 100, 100))
    names = [served.client.post("/api/photos", content).json["id"] for _ in range(5)]
    assert len(set(names)) == 5
    answers = [served.client.get(f"/api/photos/{name}.png").status for name in names]
    assert answers == [400, 400, 200, 200, 200]
    assert photos._sent.bytes <= 90_000


def test_numbers_that_are_not_finite_are_null(served):
    """A photo of one colour: both networks' ends may be equal, and equal images have no PSNR that is finite."""
    flat = served.client.post("/api/photos", png(torch.zeros(3, 40, 40))).json["id"]
    request = {"page": "flat", "serial": 1, "input": {"photo": flat, "worse": {}}, "change": CHANGE, "numbers": True}
    answer = served.client.post("/api/alter", request)
    assert answer.status == 200
    text = answer.content.decode()
    assert not any(word in text for word in ("NaN", "Infinity"))


def test_enough_of_them():
    assert len(REQUESTS) + len(FILES) >= 50
    assert np.all([len(key) for key in itertools.chain(REQUESTS, FILES)])
