"""Who may import whom: read from the source, held against the house (docs/developing.md)."""

import ast
import graphlib

import pytest

# A module and all of ours that it may import, wherever in it. A new arrow is one line here.
ARROWS = {
    "main": "app crash modules start",
    "app": "board energy led log loop modules rack telemetry uplink battery/* mqtt/* update/trial",
    "start": "board config modules retained mqtt/tls update/trial",
    "crash": "board modules retained",
    "board": "telemetry",
    "telemetry": "modules report",
    "config": "config_file values",
    "values": "config_file",
    "setup": "config",
    "diagnose": "board config config_file battery/*",
    "loop": "commands modules telemetry update/build update/files update/offer",
    "update/offer": "modules update/answer update/files update/signature",
    "update/answer": "update/files",
    "update/signature": "update/answer",
    "update/build": "modules update/files update/manifest",
    "update/manifest": "update/files",
    "update/trial": "modules mqtt/devices",
    "uplink": "modules radio",
    "radio": "modules values",
    "problem_text": "problems",
    "energy": "retained",
    "plausible": "problems",
    "rack": "modules problem_text problems reading",
    "reading": "modules problem_text problems",
    "battery/link": "battery/frame",
    "battery/link_search": "battery/frame",
    "battery/search": "modules battery/link_search",
    "battery/pace": "modules problems reading battery/frame battery/link battery/pace_details",
    "battery/pace_details": "reading battery/frame battery/link_search",
    "battery/messages": "reading battery/frame battery/link_search battery/readings",
    "battery/readings": "battery/frame",
    "battery/pylontech": "modules problems reading battery/frame battery/link battery/messages battery/readings",
    "battery/poller": "modules plausible battery/questions battery/search",
    "battery/console": "modules reading battery/console_details battery/console_pack",
    "battery/console_details": "battery/console_text",
    "battery/console_pack": "problems reading battery/console_text",
    "battery/console_text": "problems reading",
    "mqtt/json_writer": "reading",
    "mqtt/payloads": "problems mqtt/json_writer",
    "mqtt/details": "mqtt/devices mqtt/json_writer mqtt/payloads",
    "mqtt/placeholders": "mqtt/json_writer",
    "mqtt/discovery": "mqtt/entities",
    "mqtt/presence": "mqtt/entities mqtt/payloads",
    "mqtt/publisher": "modules reading mqtt/details mqtt/devices mqtt/discovery mqtt/payloads mqtt/placeholders "
    "mqtt/presence",
    "mqtt/session": "modules mqtt/connect_errors",
}
# Modules of MicroPython that only these may import
ONLY_IN = {"machine": ("board", "radio", "main", "boot"), "network": ("radio", "setup")}
# Bytes in, values out
CODECS = ("reading", "problems", "plausible", "rack", "energy", "retained", "battery/frame", "battery/messages",
          "battery/readings", "battery/console_text", "battery/console_pack",
          "battery/console_details", "mqtt/json_writer", "mqtt/payloads", "mqtt/details")  # fmt: skip
NOT_IN_CODECS = ("time", "socket", "machine", "network", "os", "select", "ssl", "umqtt", "asyncio", "_thread")
NEVER = ("tools", "host_tests")
WINGS = (("battery", "mqtt"), ("mqtt", "battery"))


def imports(name, tree, names):
    """Yields what a module imports: (is it ours?, name of the module, or the first part of a foreign one)."""
    package = [] if name in ("main", "boot") else ["firmware", *name.split("/")[:-1]]
    for node in ast.walk(tree):
        paths = []
        if isinstance(node, ast.Import):
            paths = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            paths = [[*base, *(node.module or "").split("."), alias.name] for alias in node.names]
        for path in paths:
            whole, owner = ("/".join(filter(None, path[1:end])) for end in (None, -1))
            if path[0] != "firmware":
                yield False, path[0]
            elif whole in names or owner in names:
                yield True, whole if whole in names else owner


def faults_of(name, tree, names):
    """Yields what is wrong with the imports of one module, in words."""
    allowed = ARROWS.get(name, "").split()
    for is_ours, target in imports(name, tree, names):
        if is_ours and target not in allowed and f"{target.rpartition('/')[0]}/*" not in allowed:
            yield f"{name} imports {target}"
        if is_ours and (name.split("/")[0], target.split("/")[0]) in WINGS:
            yield f"{name} of one wing imports {target} of the other"
        if not is_ours and target in NEVER:
            yield f"{name} imports {target}, which is not on the board"
        if not is_ours and name not in ONLY_IN.get(target, (name,)):
            yield f"{name} imports {target}: only {', '.join(ONLY_IN[target])} may"
        if name in CODECS and target in NOT_IN_CODECS:
            yield f"{name} is a codec and imports {target}"
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    for function in called & {"__import__", *(("print", "open") if name in CODECS else ())}:
        yield f"{name} calls {function}"


@pytest.fixture(scope="module")
def trees(project):
    """{"battery/frame": its syntax tree, …}, "boot" and "main" too."""
    firmware = project / "firmware"
    found = {str(path.relative_to(firmware).with_suffix("")): path for path in firmware.rglob("[!_]*.py")}
    found |= {name: project / f"{name}.py" for name in ("boot", "main")}
    return {name: ast.parse(path.read_text()) for name, path in found.items()}


def test_firmware_is_as_drawn(trees, project):
    assert [fault for name, tree in trees.items() for fault in faults_of(name, tree, trees)] == []
    drawn = {(name, word) for name, words in ARROWS.items() for word in words.split() if not word.endswith("/*")}
    arrows = {name: {found for is_ours, found in imports(name, tree, trees) if is_ours} for name, tree in trees.items()}
    assert drawn <= {(name, target) for name, targets in arrows.items() for target in targets}, "an arrow too many"
    assert set(CODECS) <= set(trees)
    graphlib.TopologicalSorter(arrows).prepare()  # no circle
    assert not any("from ." in path.read_text() for path in (project / "firmware").rglob("__init__.py"))


@pytest.mark.parametrize(("name", "line", "fault"), [
    ("battery/frame", "from . import link", "battery/frame imports battery/link"),
    ("battery/frame", "def f():\n    from ..mqtt.session import Session", "of the other"),
    ("main", "from firmware.battery import link", "main imports battery/link"),
    ("config", "from tools import environment", "not on the board"), ("battery/link", "import machine", "only board"),
    ("mqtt/payloads", "def f():\n    import os", "codec and imports os"), ("reading", "open('x')", "calls open"),
    ("loop", "__import__('firmware.app')", "calls __import__"),
])  # fmt: skip
def test_other_arrows_are_seen(trees, name, line, fault):
    assert any(fault in found for found in faults_of(name, ast.parse(line), trees))
