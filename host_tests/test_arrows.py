"""Who may import whom: read from the source, held against the house (docs/developing.md)."""

import ast

import pytest

# A module and all of ours that it may import, wherever in it. A new arrow is one line here.
ARROWS = {
    "main": "app crash modules start",
    "app": "board energy led log loop modules rack telemetry uplink battery/* mqtt/* update/trial",
    "start": "board config modules retained mqtt/tls update/outcome",
    "crash": "board modules retained",
    "board": "telemetry",
    "telemetry": "modules report",
    "config": "config_file pins settings values",
    "values": "config_file pins",
    "settings": "config_file values",
    "setup": "config settings",
    "diagnose": "board config config_file battery/*",
    "loop": "commands modules telemetry update/offer update/state",
    "update/offer": "modules update/answer update/build update/signature update/state",
    "update/answer": "update/files",
    "update/signature": "update/answer",
    "update/build": "modules update/files update/manifest update/state",
    "update/manifest": "update/files",
    "update/trial": "modules mqtt/devices",
    "uplink": "lan modules radio",
    "lan": "pins",
    "plausible": "problems",
    "problem_text": "problems",
    "rack": "modules problem_text problems reading",
    "reading": "modules problem_text problems",
    "battery/link": "battery/frame",
    "battery/link_search": "battery/frame battery/pace_readings",
    "battery/search": "modules battery/link_search",
    "battery/pace": "modules problems reading battery/frame battery/link battery/pace_details battery/pace_readings",
    "battery/pace_details": "reading battery/frame battery/link_search battery/pace_messages battery/pace_readings",
    "battery/pace_messages": "battery/frame battery/pace_readings",
    "battery/rs485": "battery/frame battery/link",
    "battery/messages": "battery/frame battery/readings",
    "battery/readings": "battery/frame",
    "battery/pace_readings": "battery/frame",
    "battery/pylontech": "modules problems reading battery/frame battery/link battery/pylontech_details "
    "battery/readings",
    "battery/pylontech_details": "reading battery/frame battery/link_search battery/messages",
    "battery/poller": "modules plausible battery/questions battery/search",
    "battery/console": "modules reading battery/console_details battery/console_pack",
    "battery/console_details": "battery/console_text",
    "battery/console_pack": "problems reading battery/console_text",
    "battery/console_text": "problems reading",
    "mqtt/json_writer": "reading",
    "mqtt/payloads": "problems mqtt/json_writer",
    "mqtt/details": "mqtt/devices mqtt/json_writer mqtt/payloads",
    "mqtt/discovery": "mqtt/entities",
    "mqtt/placeholders": "mqtt/json_writer",
    "mqtt/presence": "mqtt/entities mqtt/payloads",
    "mqtt/publisher": "modules reading mqtt/details mqtt/devices mqtt/discovery mqtt/payloads mqtt/placeholders "
    "mqtt/presence",
    "mqtt/session": "modules mqtt/connect_errors",
}
# Modules of MicroPython that only these may import
ONLY_IN = {"machine": ("board", "lan", "main", "boot"), "network": ("lan", "radio", "setup")}
# Bytes in, values out
CODECS = ("reading", "problems", "plausible", "rack", "energy", "battery/frame", "battery/messages",
          "battery/readings", "battery/pace_messages", "battery/pace_readings", "battery/console_text",
          "battery/console_pack", "battery/console_details",
          "mqtt/json_writer", "mqtt/payloads", "mqtt/details")  # fmt: skip
NOT_IN_CODECS = ("time", "socket", "machine", "network", "os", "select", "ssl", "umqtt", "asyncio", "_thread")
NEVER = ("tools", "host_tests")
WINGS = ("battery/", "mqtt/")


def imports(name, tree, names):
    """Yields what a module imports: ("ours", name of the module) or ("other", first part of its name)."""
    package = [] if name in ("main", "boot") else ["firmware", *name.split("/")[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            parts = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
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
    return target in words or f"{target.rpartition('/')[0]}/*" in words


def calls(tree, name):
    """Is there a call of `name`?"""
    return any(isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == name for n in ast.walk(tree))


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
        if calls(tree, function):
            yield f"{name} is a codec and calls {function}"
    if calls(tree, "__import__"):
        yield f"{name} imports by a name that is made: nobody can read it here"


def circle(arrows):
    """Names of modules that import each other in a circle, the first one once more at its end; [] where none do.
    `arrows`: {module: those that it imports}.
    """
    done = set()

    def walk(path):
        for target in arrows[path[-1]]:
            if target in path:
                return [*path[path.index(target) :], target]
            found = [] if target in done else walk([*path, target])
            if found:
                return found
        done.add(path[-1])
        return []

    return next(filter(None, (walk([name]) for name in sorted(arrows))), [])


@pytest.fixture(scope="module")
def trees(project):
    """{"battery/frame": its syntax tree, …}, "boot" and "main" too."""
    firmware = project / "firmware"
    found = {str(path.relative_to(firmware).with_suffix("")): path for path in firmware.rglob("*.py")}
    found = {name: path for name, path in found.items() if not name.endswith("__init__")}
    found |= {name: project / f"{name}.py" for name in ("boot", "main")}
    return {name: ast.parse(path.read_text()) for name, path in found.items()}


def test_firmware_is_as_drawn(trees):
    assert [fault for name, tree in trees.items() for fault in faults_of(name, tree, trees)] == []


def test_the_table_has_no_arrow_too_many(trees):
    drawn = {(name, word) for name, words in ARROWS.items() for word in words.split() if not word.endswith("/*")}
    found = {(name, target) for name, tree in trees.items() for _, target in imports(name, tree, trees)}
    assert drawn - found == set() and set(CODECS) <= set(trees)


def test_no_import_goes_round_in_a_circle(trees):
    arrows = {name: [target for kind, target in imports(name, tree, trees) if kind == "ours"]
              for name, tree in trees.items()}  # fmt: skip
    assert circle(arrows) == []
    arrows["battery/frame"].append("battery/pylontech")
    assert {"battery/frame", "battery/pylontech"} <= set(circle(arrows))


def test_packages_import_nothing(project):
    for path in (project / "firmware").rglob("__init__.py"):
        nodes = ast.walk(ast.parse(path.read_text()))
        assert not [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)], path


@pytest.mark.parametrize(("name", "line", "fault"), [
    ("battery/frame", "from . import link", "battery/frame imports battery/link"),
    ("battery/frame", "from .link import Link", "battery/frame imports battery/link"),
    ("battery/frame", "import firmware.battery.link", "battery/frame imports battery/link"),
    ("battery/frame", "def f():\n    from .. import log", "battery/frame imports log"),
    ("battery/link", "from ..mqtt import session", "of the other"),
    ("mqtt/session", "from ..battery.link import Link", "of the other"),
    ("main", "from firmware.battery import link", "main imports battery/link"),
    ("config", "from tools import environment", "not on the board"),
    ("battery/link", "import machine", "only board, lan, main, boot may"),
    ("board", "import network", "only lan, radio, setup may"),
    ("mqtt/payloads", "def f():\n    import os", "codec and imports os"),
    ("energy", "from socket import socket", "codec and imports socket"),
    ("reading", "def f():\n    open('x')", "codec and calls open"),
    ("loop", "__import__('firmware.app')", "nobody can read it"),
])  # fmt: skip
def test_other_arrows_are_seen(trees, name, line, fault):
    assert any(fault in found for found in faults_of(name, ast.parse(line), trees))
