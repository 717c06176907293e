"""Who may import whom: read from the source, held against the drawing of the house."""

import ast

import pytest

# A module and all of ours that it may import. A new arrow is one line here, and one in the drawing.
ARROWS = {
    "main": "app board config overlay retained start survive",
    "survive": "board retained overlay",
    "config": "pins settings syntax overlay",
    "settings": "config",
    "start": "board columns config entities identifier overlay secure",
    "app": "*",
    "setup": "config board settings wifi battery/*",
    "diagnose": "config board wifi battery/* overlay",
    "loop": "health orders overlay",
    "orders": "commands contact overlay",
    "wifi": "radio overlay",
    "reading": "overlay words",
    "words": "reading",
    "rack": "reading totals overlay",
    "totals": "reading",
    "battery/link": "frame",
    "battery/messages": "blocks layouts",
    "battery/layouts": "blocks",
    "battery/pylontech": "blocks details frame reading overlay",
    "battery/details": "layouts blocks frame",
    "battery/search": "frame",
    "battery/console": "console_group console_line console_pack reading",
    "battery/console_group": "console_text reading",
    "battery/console_pack": "console_text problems reading",
    "battery/console_text": "problems reading",
    "battery/poller": "plausible seldom hunt overlay",
    "battery/hunt": "search console_wake dialect overlay",
    "battery/dialect": "poller link pylontech console console_line overlay",
    "battery/seldom": "poller plausible overlay",
    "mqtt/parts": "reading",
    "mqtt/payloads": "parts reading",
    "mqtt/announce": "parts",
    "mqtt/facts": "entities parts",
    "mqtt/columns": "entities",
    "mqtt/discovery": "entities parts",
    "mqtt/publisher": "payloads announce facts discovery reading overlay",
    "mqtt/session": "contact trouble overlay",
}
# Modules of MicroPython that only these may import
ONLY_IN = {"machine": ("board", "main", "boot"), "network": ("wifi",)}
# Bytes in, values out
CODECS = ("reading", "words", "plausible", "energy", "battery/frame", "battery/blocks", "battery/layouts",
          "battery/messages", "battery/console_text", "battery/console_pack", "battery/console_group", "mqtt/entities",
          "mqtt/columns", "mqtt/parts", "mqtt/payloads", "mqtt/commands", "mqtt/identifier")  # fmt: skip
NOT_IN_CODECS = ("time", "socket", "machine", "network", "os", "select", "ssl", "umqtt", "asyncio", "_thread")
NEVER = ("tools", "host_tests")
READS_ITS_TABLE = "mqtt/entities"  # from a file beside it
WINGS = ("battery/", "mqtt/")


def leaf(name):
    return name.rpartition("/")[2]


def package_of(name):
    """The package that the relative imports of a module begin at, as a list of parts."""
    if name in ("main", "boot"):
        return []
    return ["firmware", *name.split("/")[:-1]]


def imports(name, tree, names):
    """Yields what a module imports: ("ours", name of the module) or ("other", first part of its name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            parts = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = package_of(name)
            base = package[: len(package) + 1 - node.level] if node.level else []
            base = base + (node.module.split(".") if node.module else [])
            parts = [[*base, alias.name] for alias in node.names]
        else:
            continue
        for path in parts:
            if path[0] != "firmware":
                yield "other", path[0]
                continue
            whole, owner = "/".join(path[1:]), "/".join(path[1:-1])
            if whole in names or owner in names:
                yield "ours", whole if whole in names else owner


def allowed(name, target):
    words = ARROWS.get(name, "").split()
    return any(word in ("*", leaf(target)) or (word[-2:] == "/*" and target.startswith(word[:-1])) for word in words)


def calls(tree, name):
    """Yields the arguments of each call of `name`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node.args


def faults_of(name, tree, names):
    """Yields what is wrong with the imports of one module, in words."""
    for kind, target in imports(name, tree, names):
        if kind == "ours":
            if not allowed(name, target):
                yield f"{name} imports {target}"
            for here, there in (WINGS, WINGS[::-1]):
                if name.startswith(here) and target.startswith(there):
                    yield f"{name} of one wing imports {target} of the other"
        elif target in NEVER:
            yield f"{name} imports {target}, which is not on the board"
        elif name not in ONLY_IN.get(target, (name,)):
            yield f"{name} imports {target}: only {', '.join(ONLY_IN[target])} may"
        if name in CODECS and target in NOT_IN_CODECS:
            yield f"{name} is a codec and imports {target}"
    for function in ("print", "open") if name in CODECS else ():
        if any(calls(tree, function)) and (name, function) != (READS_ITS_TABLE, "open"):
            yield f"{name} is a codec and calls {function}"
    if name != "app" and any(calls(tree, "__import__")):
        yield f"{name} imports by a name that is made: nobody can read it here"
    for arguments in calls(tree, "drop"):
        for value in [argument.value for argument in arguments if isinstance(argument, ast.Constant)]:
            if value.removeprefix("firmware.").replace(".", "/") not in names:
                yield f"{name} drops {value}, which there is not"


def faults(sources):
    """All that is wrong in {module: source}, in words."""
    return [fault for name, text in sources.items() for fault in faults_of(name, ast.parse(text), sources)]


@pytest.fixture(scope="module")
def sources(project):
    """{"battery/frame": its source, …}, "boot" and "main" too."""
    firmware = project / "firmware"
    found = {str(path.relative_to(firmware).with_suffix("")): path for path in firmware.rglob("*.py")}
    found = {name: path for name, path in found.items() if leaf(name) != "__init__"}
    return {name: path.read_text() for name, path in (
        *found.items(), ("boot", project / "boot.py"), ("main", project / "main.py"),
    )}  # fmt: skip


def test_firmware_is_as_drawn(sources):
    assert faults(sources) == []


def test_packages_import_nothing(project):
    for path in (project / "firmware").rglob("__init__.py"):
        nodes = ast.walk(ast.parse(path.read_text()))
        assert not [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)], path


def test_codecs_of_the_drawing_are_there(sources):
    assert {"reading", "energy", "battery/frame", "battery/messages", "mqtt/entities", "mqtt/payloads"} <= set(sources)


@pytest.mark.parametrize(("name", "line", "fault"), [
    ("battery/frame", "from . import link", "battery/frame imports battery/link"),
    ("battery/frame", "from .link import Link", "battery/frame imports battery/link"),
    ("battery/frame", "import firmware.battery.link", "battery/frame imports battery/link"),
    ("battery/frame", "def f():\n    from .. import log", "battery/frame imports log"),
    ("battery/link", "from ..mqtt import session", "of the other"),
    ("mqtt/session", "from ..battery.link import NoReply", "of the other"),
    ("mqtt/bounded", "from .. import log", "mqtt/bounded imports log"),
    ("retained", "from . import board", "retained imports board"),
    ("main", "from firmware.battery import link", "main imports battery/link"),
    ("config", "from tools import environment", "not on the board"),
    ("config", "import host_tests.fakes", "not on the board"),
    ("battery/link", "import machine", "only board, main, boot may"),
    ("board", "import network", "only wifi may"),
    ("wifi", "from machine import reset", "only board, main, boot may"),
    ("battery/frame", "import time", "codec and imports time"),
    ("mqtt/payloads", "def f():\n    import os", "codec and imports os"),
    ("energy", "from socket import socket", "codec and imports socket"),
    ("reading", "print(1)", "codec and calls print"),
    ("reading", "def f():\n    open('x')", "codec and calls open"),
    ("loop", "__import__('firmware.app')", "nobody can read it"),
    ("reading", "drop('firmware.wards')", "drops firmware.wards"),
    ("new", "from . import frame, reading", "new imports reading"),
])  # fmt: skip
def test_other_arrows_are_seen(sources, name, line, fault):
    """A module with one line more."""
    before = sources.get(name, "")
    known = list(faults_of(name, ast.parse(before), {*sources, name}))
    found = faults_of(name, ast.parse(f"{before}\n{line}\n"), {*sources, name})
    assert any(fault in one for one in found if one not in known)


@pytest.mark.parametrize(("name", "line"), [
    ("battery/link", "from . import frame"),
    ("battery/frame", "import struct\nfrom binascii import hexlify"),
    ("mqtt/payloads", "from .. import reading as r"),
    ("app", "from .battery import link\nfrom .mqtt.session import Session"),
    ("main", "from firmware import app"),
    ("board", "import machine"),
    ("wifi", "import network"),
])  # fmt: skip
def test_arrows_that_are_drawn_are_no_faults(sources, name, line):
    assert list(faults_of(name, ast.parse(line), sources)) == []
