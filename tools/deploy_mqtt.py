"""An update over the broker: the plan and the words of deploy.py, with docs/mqtt.md (“Updates”) instead of a cable."""

import contextlib
import hmac
import json
import queue
import re
import secrets
import struct
import sys
import time

import paho.mqtt.client as paho

from tools import ToolError
from tools.deploy_plan import AGAIN, FIRMWARE, PLACE, check_release, copying, digest, plan, tell
from tools.process import clean

MPY = 6  # of the code that mpy-cross makes
PART_BYTES = 250
ANSWER_TIMEOUT_S, ASKS = 6, 5
PART_TIMEOUT_S, BUSY_TIMEOUT_S = 20, 600
ROUNDS = 5  # after each silence it begins anew, and goes on where it was
TRIAL_TIMEOUT_S = 1000  # 10 minutes, or three starts of a version that hangs
ASK_AGAIN_S, READING_TIMEOUT_S = 20, 120
ANSWER, STATE, READINGS = "tele/update", "tele/STATE", "stat/readings/Pack"
# What the board says, as JSON: others may publish there, too
WORDS, NUMBER, SUM = r'"[^"\\]*"', r"\d{1,15}", '"[0-9a-f]{64}"'
KINDS = {"id": WORDS, "nonce": '"[0-9a-f]{32}"', "version": WORDS, "micropython": WORDS, "mpy": NUMBER, "free": NUMBER,
         "place": '"[ab]"', "link": "true|false", "file": f"{NUMBER}|{WORDS}", "size": NUMBER, "sha256": SUM,
         "files": NUMBER, "at": NUMBER, "refused": WORDS, "restart": WORDS, "good": WORDS}  # fmt: skip
HELLO = {"id", "nonce", "version", "micropython", "mpy", "free", "place", "link"}


def parsed(payload):
    """-> the object in a payload of JSON; {} where there is none, or a value is none that a board says."""
    with contextlib.suppress(ValueError):
        found = json.loads(payload)
        if isinstance(found, dict) and all(re.fullmatch(KINDS.get(key, ".*"), json.dumps(found[key])) for key in found):
            return found
    return {}


class Update:
    """Of the board that the options `given` name. key: bytes; wanted: {name there: bytes}; say: gets each line."""

    def __init__(self, given, key, wanted, version, say):
        self._given, self._key, self._say, self._version = given, key, say, version
        self._prefix = f"{given.mqtt_root}/{given.rack_name}/"
        self._wanted = {name: data for name, data in wanted.items() if name.startswith(FIRMWARE + "/")}
        self._others = {name: digest(data) for name, data in wanted.items() if name not in self._wanted}
        self._heard = queue.SimpleQueue()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_connect = self._connected
        self._client.on_message = lambda _, __, message: self._heard.put(message)

    def run(self, password=None):
        """From the connection to the first reading of the new version. `password`: at the broker. ToolError."""
        given, client = self._given, self._client
        self._say(f"looking for {self._prefix[:-1]} at {given.mqtt[0]} …")
        try:
            if given.mqtt_user:
                client.username_pw_set(given.mqtt_user, password)
            if given.mqtt_ca:
                client.tls_set(given.mqtt_ca)
            client.connect(*given.mqtt)
        except OSError as error:
            where = f"broker {given.mqtt[0]} port {given.mqtt[1]}" + f", with {given.mqtt_ca}" * bool(given.mqtt_ca)
            raise ToolError(f"{where}: {error}") from None
        client.loop_start()
        try:
            self._run()
        finally:
            client.disconnect()
            client.loop_stop()

    def _connected(self, client, _, __, reason, ___):
        if reason.is_failure:
            self._heard.put(ToolError(f"the broker refuses: {reason}"))
        client.subscribe([(self._prefix + name, 0) for name in (ANSWER, STATE, "stat/readings/+")])

    def _run(self):
        for _ in range(ROUNDS):
            hello, present = self._ask()
            todo = self._plan(hello, present)
            if not todo.copy and not todo.remove:
                self._say(f"nothing to do: the board runs this version, {self._version}")
                return
            if self._offer(hello["nonce"], len(todo.copy)):
                self._await_good(hello)
                return
            self._say("the board does not go on, asking again …")
        raise ToolError(f"the board does not go on. {AGAIN}")

    def _plan(self, hello, present):
        """-> Plan of deploy_plan. ToolError: it cannot be."""
        self._say(f"found MicroPython {hello['micropython']}, pylon2mqtt {hello['version']} in place {hello['place']}, "
                  f"{hello['free'] // 1024} KB free for the other place")  # fmt: skip
        check_release(hello["micropython"])
        if hello["mpy"] != MPY:
            raise ToolError(f"its MicroPython takes compiled code of version {hello['mpy']}, and this is {MPY}")
        for name, sha256 in self._others.items():
            if present.get(name, ("", sha256))[1] != sha256 and name != PLACE:
                self._say(f"note: {name} on the board is another one; that changes over USB only")
        mine = {name: found for name, found in present.items() if name.startswith(FIRMWARE + "/")}
        todo = plan(self._wanted, mine, hello["free"], beside=True)
        tell(todo, self._wanted, self._say)
        return todo

    def _send(self, name, payload):
        self._client.publish(f"{self._prefix}update/{name}", payload)

    def _said(self, until):
        """-> what comes next: what tele/update says, {"error": LastError}, {"reading": topic}; else {}."""
        try:
            message = self._heard.get(timeout=max(0, until - time.monotonic()))
        except queue.Empty:
            return {}
        if isinstance(message, ToolError):
            raise message
        topic, payload = message.topic.removeprefix(self._prefix), message.payload
        if topic == ANSWER and not message.retain:
            return parsed(payload)
        if topic == STATE:
            return {"error": clean(str(parsed(payload).get("LastError")))}
        return {"reading": topic} if topic.startswith(READINGS) else {}

    def _ask(self):
        """-> (what the board is, {name: (size, sum)} of its files). ToolError."""
        why, busy_until = None, time.monotonic() + BUSY_TIMEOUT_S
        for _ in range(ASKS):
            asked, hello, present = secrets.token_hex(6), None, {}
            self._send("ask", asked)
            until = time.monotonic() + ANSWER_TIMEOUT_S
            while time.monotonic() < until:
                said = self._said(until)
                if said.get("id") == asked and said.keys() >= HELLO:
                    hello = said
                elif hello and said.keys() >= {"file", "size", "sha256"}:
                    present[f"/{said['file']}"] = said["size"], said["sha256"]
                    until = time.monotonic() + ANSWER_TIMEOUT_S
                elif hello and said.get("files") == len(present):
                    return hello, present
                elif "busy" in said:  # with an update that somebody began
                    until = min(busy_until, time.monotonic() + ANSWER_TIMEOUT_S)
                why = said.get("refused", why)
        if why:
            raise ToolError(f"the board refuses: {why}")
        raise ToolError(f"the board {self._prefix[:-1]} does not answer: is it online, is update_key set on it, "
                        "has it been started anew since, and may this user publish and hear there?")  # fmt: skip

    def _offer(self, nonce, count):
        """Sends what it asks for, `count` files -> True: it starts the new version, False: it is silent. ToolError."""
        names = sorted(self._wanted)
        lines = [f"{digest(self._wanted[name])} {len(self._wanted[name])} {name[1:]}\n" for name in names]
        contents = ["".join(lines).encode(), *(self._wanted[name] for name in names)]
        force = "force" if self._given.force else "-"
        text = f"{nonce} {self._version} {MPY} {len(contents[0])} {digest(contents[0])} {force}"
        self._send("offer", f"{hmac.new(self._key, text.encode(), 'sha256').hexdigest()} {text}")
        told = {0}
        until = time.monotonic() + PART_TIMEOUT_S
        while time.monotonic() < until:
            said = self._said(until)
            if "memory" in said.get("refused", ""):
                return False
            if "refused" in said:
                raise ToolError(f"the board refuses: {said['refused']}")
            if "restart" in said:
                self._say("starting the board anew …")
                return True
            number, at = said.get("file"), said.get("at", sys.maxsize)
            if isinstance(number, int) and number < len(contents) and at < len(contents[number]):
                if number not in told:
                    self._say(copying(names[number - 1], len(told), max(len(told), count), len(contents[number])))
                    told.add(number)
                self._send("data", struct.pack(">HI", number, at) + contents[number][at : at + PART_BYTES])
            if "at" in said or "busy" in said:
                until = time.monotonic() + PART_TIMEOUT_S
        return False

    def _await_good(self, hello):
        """Until the new version is good, and a reading is published where the battery answers. ToolError."""
        until, ask_at = time.monotonic() + TRIAL_TIMEOUT_S, time.monotonic() + ASK_AGAIN_S
        is_good, reading, error = False, None, "it does not say why"
        while time.monotonic() < until:
            said = self._said(min(until, ask_at))
            reading, error = said.get("reading", reading), said.get("error", error)
            ask_at = 0 if "error" in said else ask_at
            if said.get("place") == hello["place"]:
                raise ToolError(f"the board went back to {hello['version']}: {error}")
            if not is_good and ("good" in said or "place" in said):
                is_good = True
                self._say(f"board | up: pylon2mqtt {self._version}")
                until = time.monotonic() + READING_TIMEOUT_S
            if is_good and (reading or not hello["link"]):
                self._say(f"it has published {reading}" if reading else "the battery did not answer before, either")
                return
            if time.monotonic() >= ask_at:  # what it said may have been lost
                ask_at = time.monotonic() + ASK_AGAIN_S
                self._send("ask", "again")
        raise ToolError("the new version is up, but no reading came" if is_good else "the board did not come back")
