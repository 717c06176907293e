"""The power is cut at every write of an update and of what follows, on MicroPython: the board starts, and goes on."""

from __future__ import annotations

import shutil
import subprocess

import power_cut
import pytest

from tools.virtual_board.layout import board_files

TIMEOUT_S = 60
CUTS_MAX = 300
# what an update needs of the firmware
MODULES = ("__init__", "modules", "mqtt/__init__", "mqtt/devices")
MODULES += tuple(f"update/{name}" for name in ("__init__", "answer", "build", "files", "manifest", "offer",
                                               "signature", "trial"))  # fmt: skip
SUM = b"5" * 64
OTHER = {"firmware/changed.mpy": b"old", "firmware/gone/x.mpy": b"x", "firmware/y.py": b""}
OFFERED = {"firmware/changed.mpy": b"new" * 200, "firmware/empty.mpy": b"", "firmware/sub/table.txt": b"row\n" * 150}
TRIAL = b"b trial %d reading 2 " + SUM


@pytest.fixture(scope="module")
def versions():
    """-> (place.mpy, the old version, the new one); the last two as {name: bytes}."""
    made = {name.as_posix(): path.read_bytes() for name, path in board_files()}
    common = {f"firmware/{name}.mpy": made[f"firmware/{name}.mpy"] for name in MODULES}
    return {"place.mpy": made["place.mpy"]}, common | OTHER, common | OFFERED


def put(directory, files):
    shutil.rmtree(directory, ignore_errors=True)
    for name, data in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)


def read(directory):
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


def below(files, place):
    return {f"b/{name}" if place == "b" else name: data for name, data in files.items()}


# place that runs, place.txt, is the new version in the other place already; and what is there in the end: the place of
# the new version, place.txt, refused.txt
UPDATES = {
    "the first": ("a", None, False, "b", b"b trial 0 reading 2 "),
    "over an old one": ("a", b"a", True, "b", b"b trial 0 reading 2 "),
    "back to place a": ("b", b"b", True, "a", b"a trial 0 reading 2 "),
}


@pytest.mark.parametrize("mode", ["half", "lost"])
@pytest.mark.parametrize("scene", UPDATES)
def test_an_update(micropython, tmp_path, versions, scene, mode):
    runs, text, is_there, goes_to, at_the_end = UPDATES[scene]
    top, old, new = versions
    flash = tmp_path / "flash"
    before = top | below(old, runs) | ({"place.txt": text} if text else {})
    if is_there:
        before |= below(new | OTHER, goes_to)
    for cut, status, started in swept(micropython, tmp_path, before, new, runs, mode):
        assert started == runs
        if status == 0:
            check_updated(flash, new, goes_to, at_the_end)
        else:
            kept = below(old, runs)
            assert {name: data for name, data in read(flash).items() if name in kept} == kept, cut
    assert 10 < cut < CUTS_MAX - 1


def swept(micropython, directory, before, new, runs, mode):
    """Cuts the power at the first write, at the second and so on, until there are no more; behind each cut it runs once
    more, to its end. Yields (number of the cut, exit status, place that started) behind each run of either kind; the
    files are in `directory`/flash then.
    """
    flash, offered = directory / "flash", directory / "new"
    put(offered, new)
    for cut in range(1, CUTS_MAX):
        put(flash, before)
        status, started = run(micropython, flash, offered, cut, mode)
        yield cut, status, started
        if status == 0:
            return
        assert run(micropython, flash, offered, 0, mode) == (0, runs), cut
        yield cut, 0, runs


def run(micropython, flash, offered, cut, mode):
    """-> (exit status, the place that started)."""
    command = [micropython, power_cut.__file__, flash, offered, str(cut), mode]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode in (0, power_cut.CUT_STATUS), done.stdout + done.stderr
    return done.returncode, done.stdout.strip()


def check_updated(flash, new, place, text):
    files = read(flash)
    assert files["place.txt"].startswith(text)
    there = {name: data for name, data in files.items() if name.startswith("b/" if place == "b" else "firmware/")}
    assert there == below(new, place)


# place.txt and refused.txt before; which places may start after a cut; both files in the end
AFTERWARDS = {
    "it is good": (TRIAL % 0, b"", "b", b"b", b""),
    "its fourth start": (TRIAL % 3, b"old\n", "a", b"a", b"old\n" + SUM + b"\n"),
    "it is given up": (b"a refused time - 2 " + SUM, b"old\n", "a", b"a", b"old\n" + SUM + b"\n"),
    "the ninth that is": (b"a refused time - 2 " + SUM, (b"6" * 64 + b"\n") * 8, "a", b"a",
                          (b"6" * 64 + b"\n") * 7 + SUM + b"\n"),
}  # fmt: skip


@pytest.mark.parametrize("mode", ["half", "lost"])
@pytest.mark.parametrize("scene", AFTERWARDS)
def test_what_comes_after_it(micropython, tmp_path, versions, scene, mode):
    text, refused, runs, at_the_end, refused_at_the_end = AFTERWARDS[scene]
    top, old, new = versions
    before = top | old | below(new, "b") | {"place.txt": text, "refused.txt": refused}
    for cut, status, started in swept(micropython, tmp_path, before, new, runs, mode):
        assert status == 0 or started in ("", runs), cut
        if status == 0:
            check_settled(tmp_path / "flash", at_the_end, refused_at_the_end)
    assert 5 < cut < CUTS_MAX - 1


def check_settled(flash, text, refused):
    assert ((flash / "place.txt").read_bytes(), (flash / "refused.txt").read_bytes()) == (text, refused)
