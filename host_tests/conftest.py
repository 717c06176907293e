"""What all tests share: the broker, an MQTT client that remembers, the virtual board, and which tests run."""

import contextlib
import gc
import json
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
import recordings
from mqtt_helpers import Broker, Recorder

from tools import environment
from tools.virtual_board import layout
from tools.virtual_board.runner import Board

PROJECT = environment.PROJECT
FRAMES = PROJECT.parent / "shared" / "frames.jsonl"
LINES_SHOWN = 60
WINDOW = "time.sleep_ms(2000)"  # in main.py

# The firmware collects garbage at each question, which takes CPython long with all of pytest in its memory.
gc.collect = lambda _=2: 0

# What a shell runs in the background ignores Ctrl-C, and so would all the programs that are stopped by it here.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="leave out tests marked slow")
    parser.addoption("--long", action="store_true", help="run tests marked long too")
    parser.addoption("--frames", type=Path, metavar="PATH", help="run the tests of recordings over this capture, too")


def pytest_configure(config):
    try:
        config.capture = recordings.load(config.option.frames) if config.option.frames else None
    except recordings.RecordingError as error:
        raise pytest.UsageError(f"--frames: {error}") from None


def pytest_pycollect_makeitem(collector, name):
    is_check = name.startswith("check_") and collector.path.name.endswith("_cases.py")
    return pytest.Function.from_parent(collector, name=name) if is_check else None


def pytest_generate_tests(metafunc):
    """With --frames what takes `frames`, or `recording` for the text console, runs over the capture, too."""
    capture = ["capture"] if metafunc.config.capture else []
    if "frames" in metafunc.fixturenames and capture:
        metafunc.parametrize("frames", ["recorded", *capture], indirect=True, scope="session")
    if "recording" in metafunc.fixturenames:
        metafunc.parametrize("recording", [*recordings.CONSOLES, *capture], indirect=True)


def pytest_collection_modifyitems(config, items):
    left_out = ["slow", "long"] if config.option.quick else [] if config.option.long else ["long"]
    dropped = [item for item in items if any(map(item.get_closest_marker, left_out))]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


@pytest.fixture(scope="session")
def project():
    return PROJECT


@pytest.fixture(scope="session")
def micropython():
    return environment.micropython()


@pytest.fixture(scope="session")
def recorded_frames():
    return recordings.load(FRAMES) if FRAMES.exists() else pytest.skip("no recorded frames here")


@pytest.fixture(scope="session")
def frames(request):
    """The recorded frames; with --frames a second time those of the capture."""
    if getattr(request, "param", "recorded") == "recorded":
        return request.getfixturevalue("recorded_frames")
    found = recordings.framed(request.config.capture)
    return found if any(row["valid"] for row in found) else pytest.skip("no whole frame in the capture")


@pytest.fixture
def broker_factory(tmp_path):
    """make(config="") -> a running Broker; `config`: more lines for mosquitto's configuration."""
    with contextlib.ExitStack() as stack:

        def make(config=""):
            made = Broker(Path(tempfile.mkdtemp(dir=tmp_path)) / "broker", config)
            stack.callback(made.stop)
            return made

        yield make


@pytest.fixture
def broker(broker_factory):
    return broker_factory()


@pytest.fixture
def mqtt_client(broker):
    with Recorder(broker.host, broker.port) as recorder:
        yield recorder


@pytest.fixture
def board(tmp_path):
    """make(config=None, files=None, start=True, **arguments of Board) -> a Board. With `config` the firmware is laid
    out, and its window for Ctrl-C is not waited out. files: name -> text, put into the flash after that.
    """
    made = []

    def make(config=None, files=None, start=True, **arguments):
        flash = tmp_path / f"flash{len(made)}"
        flash.mkdir()
        if config is not None:
            layout.lay_out(flash)
            (flash / "config.json").write_text(json.dumps(config))
            main = (flash / "main.py").read_text()
            assert main.count(WINDOW) == 1
            (flash / "main.py").write_text(main.replace(WINDOW, "time.sleep_ms(1)"))
        for name, text in (files or {}).items():
            (flash / name).parent.mkdir(parents=True, exist_ok=True)
            (flash / name).write_text(text)
        arguments.setdefault("state", tmp_path / f"state{len(made)}")
        made.append(Board(flash, **arguments))
        return made[-1].start() if start else made[-1]

    yield make
    for number, one in enumerate(made):
        one.close()
        print(f"-- console of board {number}, the last {LINES_SHOWN} lines, resets {one.resets}")
        print("\n".join(list(one.lines)[-LINES_SHOWN:]))
        shutil.rmtree(one.flash, ignore_errors=True)
