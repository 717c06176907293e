"""The power is cut at every write of an update, of what follows, and of settings, on MicroPython: the board goes on."""

import hashlib
import json
import subprocess

import power_cut
import pytest
from test_deploy import put, read

from tools.virtual_board.layout import board_files

TIMEOUT_S = 60
CUTS_MAX = 300
# what an update needs of the firmware, and what settings need
UPDATE = ("__init__", "modules", "mqtt/__init__", "mqtt/devices", "update/*")
SETTINGS = ("__init__", "config", "config_file", "values")
SUM = b"5" * 64
OTHER = {"firmware/changed.mpy": b"old", "firmware/gone/x.mpy": b"x", "firmware/y.py": b""}
OFFERED = {"firmware/changed.mpy": b"new" * 200, "firmware/empty.mpy": b"", "firmware/sub/table.txt": b"row\n" * 150}
TRIAL = b"b trial %d reading 2 " + SUM
both_modes = pytest.mark.parametrize("mode", ["half", "lost"])


def part(names):
    """-> {name on the board: bytes} of place.mpy and these modules."""
    return {name.as_posix(): path.read_bytes() for name, path in board_files()
            if name.match("place.mpy") or any(name.match(f"firmware/{one}.mpy") for one in names)}  # fmt: skip


def below(files, place):
    return {f"b/{name}" if place == "b" else name: data for name, data in files.items() if name != "place.mpy"}


@pytest.fixture
def swept(micropython, tmp_path):
    """swept(files before, new ones, place that runs, mode) cuts the power at the first write, at the second and so on;
    after each cut it runs to its end. Yields (number of the cut, was it cut, place that started, files) after each run.
    """
    flash, offered = tmp_path / "flash", tmp_path / "new"

    def run(new, cut, mode):
        command = [micropython, power_cut.__file__, flash, offered if new else "settings", str(cut), mode]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert done.returncode in (0, power_cut.CUT_STATUS), done.stdout + done.stderr
        return done.returncode != 0, done.stdout.strip()

    def swept(before, new, runs, mode):
        lines = [f"{hashlib.sha256(new[name]).hexdigest()} {len(new[name])} {name}\n" for name in sorted(new)]
        put(offered, {"0": "".join(lines)} | {str(at): new[name] for at, name in enumerate(sorted(new), 1)})
        for cut in range(1, CUTS_MAX):
            put(flash, before)
            is_cut, started = run(new, cut, mode)
            yield cut, is_cut, started, read(flash)
            if not is_cut:
                return
            assert run(new, 0, mode) == (False, runs), cut
            yield cut, False, runs, read(flash)
        raise AssertionError("it never ends")

    return swept


# place that runs, place.txt, is the new version in the other place already; the place of the new version in the end
@both_modes
@pytest.mark.parametrize(("runs", "text", "is_there", "goes_to"), [
    ("a", None, False, "b"), ("a", b"a", True, "b"), ("b", b"b", True, "a"),
])  # fmt: skip
def test_an_update(swept, runs, text, is_there, goes_to, mode):
    firmware = part(UPDATE)
    kept, new = below(firmware | OTHER, runs), firmware | OFFERED
    before = {"place.mpy": firmware["place.mpy"]} | kept | ({"place.txt": text} if text else {})
    before |= below(new | OTHER, goes_to) if is_there else {}
    offered = below(new, "a")
    for cut, is_cut, started, files in swept(before, offered, runs, mode):
        assert started == runs
        if is_cut:
            assert kept.items() <= files.items(), cut
        else:
            assert files["place.txt"].startswith(goes_to.encode() + b" trial 0 reading 2 ")
            top = "b/" if goes_to == "b" else "firmware/"
            assert {name: files[name] for name in files if name.startswith(top)} == below(offered, goes_to), cut
    assert cut > 10


REFUSED = b"a refused time - 2 " + SUM
EIGHT = (b"6" * 64 + b"\n") * 8


# place.txt and refused.txt before; which place may start after a cut; refused.txt in the end
@both_modes
@pytest.mark.parametrize(("text", "refused", "runs", "at_the_end"), [
    (TRIAL % 0, b"", "b", b""), (TRIAL % 3, b"old\n", "a", b"old\n" + SUM + b"\n"),
    (REFUSED, b"old\n", "a", b"old\n" + SUM + b"\n"), (REFUSED, EIGHT, "a", EIGHT[65:] + SUM + b"\n"),
], ids=["it is good", "its fourth start", "it is given up", "the ninth that is"])  # fmt: skip
def test_what_comes_after_it(swept, text, refused, runs, at_the_end, mode):
    firmware = part(UPDATE)
    before = firmware | OTHER | below(firmware | OFFERED, "b") | {"place.txt": text, "refused.txt": refused}
    for cut, is_cut, started, files in swept(before, OFFERED, runs, mode):
        if is_cut:
            assert started in ("", runs), cut
        else:
            assert (files["place.txt"], files["refused.txt"]) == (runs.encode(), at_the_end), cut
    assert cut > 5


@both_modes
def test_settings_are_the_old_or_the_new(swept, mode):
    old = {"wifi_ssid": "my network", "mqtt_host": "old"}
    before = part(SETTINGS) | {"config.json": json.dumps(old).encode(), "config.json.new": b'{"half'}
    for cut, is_cut, _, files in swept(before, {}, "a", mode):
        found = json.loads(files["config.json"])
        assert found == old | {"mqtt_host": "new", "publish_rate": 7} or (is_cut and found == old), cut
    assert cut > 5
