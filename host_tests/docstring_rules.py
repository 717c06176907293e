"""What a docstring of ours has to say, as rules that a test can hold: is there one, which arguments, units, errors, and
where it stands in the protocol.
"""

from __future__ import annotations

import ast
import re
from collections import namedtuple

# Names that mean the same wherever they stand, and need not be told again.
GLOSSARY = {
    "clock": "ticks_ms, ticks_diff, ticks_add, sleep_ms, as the module time has them; in tools a function -> s",
    "log": "log.Log: error, warning, info",
    "uart": "machine.UART, or what behaves like it",
    "pack": "its number, from 1; in the simulator the model.Pack",
    "reading": "reading.Reading",
    "extra": "console.Extra: what a dialect has beyond a Reading, or None",
    "alarms": "reading.Alarms",
    "link": "battery/link.Link",
    "wifi": "wifi.Wifi",
    "loop": "loop.Loop",
    "poller": "battery/poller.Poller",
    "meters": "energy.Meters",
    "rack": "rack.Rack",
    "publisher": "mqtt/publisher.Publisher",
    "session": "mqtt/session.Session",
    "dialect": "pylontech.Pylontech or console.Console",
    "settings": "all of them, as config.check() gives them",
    "cid2": "the command (§3), an integer",
    "code": "RTN of a reply (§2.9), an integer",
    "address": "ADR, an integer; of a socket (host, port)",
    "version": "VER, an integer; of software a text",
    "info": "INFO, raw bytes",
    "lines": "texts, without their ends",
    "line": "one line, without its end",
    "data": "bytes",
    "chunk": "bytes, cut anywhere",
    "raw": "an integer in its unit, or bytes, as the battery sent it",
    "scale": "decimals of a raw integer",
    "digits": "decimals that are shown, at most",
    "table": "columns.compact() of the readings",
    "value": "one number, text or boolean", "values": "{name or key: value}",
    "kind": "of a question, an event or a value, by its name",
    "said": "the answer to a question",
    "error": "an exception",
    "path": "of a file or a directory",
    "port": "a number of TCP, or the path of a serial port",
    "topic": "text or bytes", "payload": "bytes", "retain": "bool", "retained": "bool, or retained.Retained",
    "host": "name or address", "user": "name or None", "password": "text or None",
    "arguments": "of the command line, without the program's name",
    "options": "the command line, parsed",
    "parser": "argparse.ArgumentParser",
    "config": "{key: value} of config.json",
    "number": "an integer, from 1",
    "index": "an integer, from 0",
    "text": "a text", "name": "a text", "key": "a text",
    "count": "how many",
    "packs": "how many, or their numbers",
    "baud": "rate of a line",
    "now": "the clock's time: ticks in ms on the board, s in tools",
    "rng": "random.Random", "seed": "of random.Random",
    "frame": "bytes from SOI to EOI",
    "serials": "serial numbers, texts",
    "heap": "a size such as 80k",
    "interpreter": "path of MicroPython",
    "process": "subprocess.Popen",
    "canvas": "pictures_canvas.Canvas",
    "heard": "heard.Heard", "truth": "truth.Truth", "health": "tele/STATE, parsed",
    "broker": "what has host and port", "board": "runner.Board",
    "directory": "a path", "flash": "a path", "project": "a path",
    "source": "bool: .py files instead of compiled ones",
}  # fmt: skip
OF_A_METHOD = ("self", "cls")
UNIT_SUFFIX = re.compile(r"_(ms|s|us|mv|ma|mah|k|bytes|baud)$")
UNITS = re.compile(r"\b(mV|mA|mAh|mWh|W|kWh|V|A|Ah|ms|s|µs|seconds?|minutes?|baud|bytes|ticks)\b|°C|%")
QUANTITIES = re.compile(
    r"^(voltage|current|remaining|capacity|temperatures?|power|charged|discharged|energy|soc|soh|seconds|timeout|"
    r"delay|wait|elapsed|duration|since|until|rate)$"
)
OUR_ERROR = re.compile(r"(Error|NoReply|ReturnCode|Refused)$")
NOT_TOLD = {"NotImplementedError", "AttributeError", "SystemExit"}  # mistakes of who calls
SECTION = re.compile(r"§\d")

Public = namedtuple("Public", "name node doc around")  # around: docstrings of its class and its module


def public(tree):
    """Yields what others may use of a module: its functions, classes, and their methods."""
    module = ast.get_docstring(tree) or ""

    def inside(node, before, around):
        for one in node.body:
            if not isinstance(one, ast.FunctionDef | ast.ClassDef) or one.name.startswith("_"):
                continue
            doc = ast.get_docstring(one)
            yield Public(before + one.name, one, doc, around)
            if isinstance(one, ast.ClassDef):
                yield from inside(one, f"{before}{one.name}.", f"{around}\n{doc or ''}")

    yield from inside(tree, "", module)


def parameters(node):
    """Names of the arguments; of a class those that it is made with, unless __init__ tells of them itself."""
    if isinstance(node, ast.ClassDef):
        made = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        if not made or ast.get_docstring(made[0]):
            return []
        node = made[0]
    arguments = node.args
    return [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def is_named(parameter, doc):
    """Does the text speak of it: by its name, or by each word of it, also in the plural."""
    if re.search(rf"\b{parameter}\b", doc):
        return True
    words = [word for word in parameter.split("_") if word and not UNIT_SUFFIX.fullmatch(f"_{word}")]
    return all(re.search(rf"\b{re.escape(word.rstrip('s'))}", doc, re.IGNORECASE) for word in words)


def own_nodes(node):
    """Yields the nodes of a function without those of functions in it."""
    for one in ast.iter_child_nodes(node):
        if not isinstance(one, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield one
            yield from own_nodes(one)


def raised(node):
    """-> names of our errors that the function itself raises."""
    found = set()
    for one in own_nodes(node):
        if isinstance(one, ast.Raise) and one.exc is not None:
            what = one.exc.func if isinstance(one.exc, ast.Call) else one.exc
            name = what.attr if isinstance(what, ast.Attribute) else getattr(what, "id", "")
            if OUR_ERROR.search(name) and name not in NOT_TOLD:
                found.add(name)
    return found


def gives_several(node):
    """Does it return tuples? Then somebody must say what they hold."""
    return any(isinstance(one, ast.Return) and isinstance(one.value, ast.Tuple) for one in own_nodes(node))


def faults(source, cites=False):
    """Yields what is wrong with the docstrings of a module, in words. `cites`: it must say where it is from."""
    for name, node, doc, around in public(ast.parse(source)):
        if not doc:
            yield f"{name} has no docstring"
            continue
        whole = f"{around}\n{doc}"
        for parameter in parameters(node):
            if parameter in GLOSSARY or parameter in OF_A_METHOD or parameter.startswith("_"):
                continue
            if not is_named(parameter, whole):
                yield f"{name}: what is {parameter}?"
            elif QUANTITIES.match(parameter) and not UNITS.search(whole):
                yield f"{name}: in which unit is {parameter}?"
        if isinstance(node, ast.FunctionDef):
            for error in sorted(raised(node)):
                if error not in whole:
                    yield f"{name} raises {error}, and does not say so"
            if gives_several(node) and "->" not in doc and "(" not in doc and "yields" not in doc.lower():
                yield f"{name}: what does it return?"
            if cites and not SECTION.search(whole):
                yield f"{name}: which section of the protocol is it from?"
