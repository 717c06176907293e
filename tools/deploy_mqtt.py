"""An update over the broker: the plan and the words of deploy.py, with docs/mqtt.md (“Updates”) instead of a cable."""

from __future__ import annotations

import hashlib
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
from tools.deploy_plan import AGAIN, PLACE, check_release, copying, plan, summary
from tools.process import clean

MPY = 6  # of the code that mpy-cross makes
PART_BYTES = 250
ANSWER_TIMEOUT_S, ASKS = 6, 5
PART_TIMEOUT_S, BUSY_TIMEOUT_S = 20, 600
ROUNDS = 5  # after each silence it begins anew, and goes on where it was
TRIAL_TIMEOUT_S = 1000  # 10 minutes, or three starts of a version that hangs
ASK_AGAIN_S = 20
READING_TIMEOUT_S = 120
ANSWER, LOG, STATE, LWT = "tele/update", "tele/LOG", "tele/STATE", "tele/LWT"
READINGS = "stat/readings/"


# What the board says of itself, and all that it says, as JSON: others may publish there, too
WORDS, NUMBER = r'"[^"\\]*"', r"\d{1,15}"
HELLO = {"nonce": '"[0-9a-f]{32}"', "version": WORDS, "micropython": WORDS, "mpy": NUMBER, "place": '"[ab]"',
         "free": NUMBER, "link": "true|false"}  # fmt: skip
KINDS = HELLO | {"id": WORDS, "file": f"{NUMBER}|{WORDS}", "size": NUMBER, "sha256": '"[0-9a-f]{64}"', "files": NUMBER,
                 "at": NUMBER, "refused": WORDS, "restart": WORDS, "good": WORDS}  # fmt: skip


def parsed(payload):
    """-> the object in a payload of JSON; {} where there is none, or a value is none that a board says."""
    try:
        found = json.loads(payload)
    except ValueError:
        return {}
    is_good = isinstance(found, dict) and all(re.fullmatch(KINDS.get(key, ".*"), json.dumps(value))
                                              for key, value in found.items())  # fmt: skip
    return found if is_good else {}


class Link:
    """A connection to the broker that hears one board. ToolError where there is none."""

    def __init__(self, given, password):
        self.prefix = f"{given.mqtt_root}/{given.rack_name}/"
        self._heard = queue.SimpleQueue()
        self._client = client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        if given.mqtt_user:
            client.username_pw_set(given.mqtt_user, password)
        client.on_connect = self._connected
        client.on_message = lambda _, __, message: self._heard.put(
            (message.topic.removeprefix(self.prefix), message.payload, message.retain)
        )
        try:
            if given.mqtt_ca:
                client.tls_set(given.mqtt_ca)
            client.connect(*given.mqtt)
        except OSError as error:
            where = f"broker {given.mqtt[0]} port {given.mqtt[1]}" + f", with {given.mqtt_ca}" * bool(given.mqtt_ca)
            raise ToolError(f"{where}: {error}") from None
        client.loop_start()

    def _connected(self, client, _, __, reason, ___):
        if reason.is_failure:
            self._heard.put((None, str(reason), False))
        client.subscribe([(self.prefix + name, 0) for name in (ANSWER, LOG, STATE, LWT, READINGS + "+")])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, name, payload):
        """Publishes below `update/`."""
        self._client.publish(f"{self.prefix}update/{name}", payload)

    def next(self, timeout_s):
        """-> (topic below the prefix, payload in bytes, retained), or None: nothing came. ToolError: it is refused."""
        try:
            topic, payload, retained = self._heard.get(timeout=max(0, timeout_s))
        except queue.Empty:
            return None
        if topic is None:
            raise ToolError(f"the broker refuses: {payload}")
        return topic, payload, retained


class Update:
    """One update of one board. `key`: bytes; `wanted`: {name on the board: bytes}; `say`: called with each line."""

    def __init__(self, link, key, wanted, version, say, force=False):
        self._link, self._key, self._say, self._version, self._force = link, key, say, version, force
        self._wanted = {name: data for name, data in wanted.items() if name.startswith("/firmware/")}
        self._others = {name: data for name, data in wanted.items() if name not in self._wanted}
        self._online = None

    def run(self):
        """From the question to the first reading of the new version. ToolError."""
        for _ in range(ROUNDS):
            hello = self._exchange()
            if hello is None:
                return
            if hello:
                self._await_good(hello)
                return
            self._say("the board does not go on, asking again …")
        raise ToolError(f"the board does not go on. {AGAIN}")

    def _exchange(self):
        """Sends what differs -> what the board was, None where nothing differs, {} where it fell silent. ToolError."""
        hello, present = self._ask()
        self._say(f"found MicroPython {hello['micropython']}, pylon2mqtt {hello['version']} in place {hello['place']}, "
                  f"{hello['free'] // 1024} KB free for the other place")  # fmt: skip
        check_release(hello["micropython"])
        if hello["mpy"] != MPY:
            raise ToolError(f"its MicroPython takes compiled code of version {hello['mpy']}, and this is {MPY}")
        for name, data in self._others.items():
            if name in present and present[name][1] != hashlib.sha256(data).hexdigest() and name != PLACE:
                self._say(f"note: {name} on the board is another one; that changes over USB only")
        mine = {name: found for name, found in present.items() if name.startswith("/firmware/")}
        todo = plan(self._wanted, mine, hello["free"], beside=True)
        self._say(summary(self._wanted, todo))
        if not todo.copy and not todo.remove:
            self._say(f"nothing to do: the board runs this version, {self._version}")
            return None
        if todo.lacking > 0:
            raise ToolError(f"no space: {-(-todo.lacking // 1024)} KB more must be free on the board")
        return hello if self._offer(hello["nonce"], todo.copy) else {}

    def _ask(self):
        """-> (what the board is, {name: (size, sum)} of its files). ToolError."""
        why = None
        busy_until = time.monotonic() + BUSY_TIMEOUT_S
        for _ in range(ASKS):
            asked = secrets.token_hex(6)
            self._link.send("ask", asked)
            hello, present = None, {}
            until = time.monotonic() + ANSWER_TIMEOUT_S
            while time.monotonic() < until:
                said = self._said(until)
                if said is None:
                    continue
                if said.get("id") == asked and said.keys() >= HELLO.keys():
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
        online = {None: "nothing is known of it", True: "it is online", False: "it is offline"}[self._online]
        raise ToolError(f"the board {self._link.prefix[:-1]} does not answer ({online}): is update_key set on it, "
                        "has it been started anew since, and may this user publish and hear there?")  # fmt: skip

    def _said(self, until):
        """-> the next message of tele/update as a dict; None: something else came, or nothing."""
        heard = self._link.next(until - time.monotonic())
        if heard is None:
            return None
        topic, payload, retained = heard
        if topic == LWT:
            self._online = payload == b"Online"
        elif topic == LOG:
            self._say(f"board | {clean(payload.decode('utf-8', 'replace'))}")
        elif topic == ANSWER and not retained:
            return parsed(payload)
        return {topic: payload} if topic == STATE or topic.startswith(READINGS) else None

    def _offer(self, nonce, copy):
        """Sends what the board asks for -> True when it starts the new version, False when it is silent. ToolError."""
        names = sorted(self._wanted)
        lines = [f"{hashlib.sha256(self._wanted[name]).hexdigest()} {len(self._wanted[name])} {name[1:]}\n"
                 for name in names]  # fmt: skip
        manifest = "".join(lines).encode()
        force = "force" if self._force else "-"
        text = f"{nonce} {self._version} {MPY} {len(manifest)} {hashlib.sha256(manifest).hexdigest()} {force}"
        signature = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        self._link.send("offer", f"{signature} {text}")
        contents = [manifest, *(self._wanted[name] for name in names)]
        told = set()
        until = time.monotonic() + PART_TIMEOUT_S
        while time.monotonic() < until:
            said = self._said(until)
            if said is None:
                continue
            if "memory" in said.get("refused", ""):
                return False
            if "refused" in said:
                raise ToolError(f"the board refuses: {said['refused']}")
            if "restart" in said:
                self._say("starting the board anew …")
                return True
            number, at = said.get("file"), said.get("at", sys.maxsize)
            if isinstance(number, int) and number < len(contents) and at < len(contents[number]):
                if number and number not in told:
                    told.add(number)
                    name = names[number - 1]
                    self._say(copying(name, len(told), max(len(told), len(copy)), len(self._wanted[name])))
                part = contents[number][at : at + PART_BYTES]
                self._link.send("data", struct.pack(">HI", number, at) + part)
            if "at" in said or "busy" in said:
                until = time.monotonic() + PART_TIMEOUT_S
        return False

    def _await_good(self, hello):
        """Until the new version is good, and a reading is published where the battery answers. ToolError."""
        until, ask_at = time.monotonic() + TRIAL_TIMEOUT_S, time.monotonic() + ASK_AGAIN_S
        asked, is_good, reading, error = "", False, None, "it does not say why"
        while time.monotonic() < until:
            said = self._said(min(until, ask_at)) or {}
            for topic, payload in said.items():
                if topic == STATE:
                    error = clean(str(parsed(payload).get("LastError")))
                    if error.startswith(f"update to {self._version} given up"):
                        ask_at = 0  # or was that an earlier one?
                elif topic.startswith(READINGS + "Pack"):
                    reading = topic
            if said.get("id") == asked and said.get("place") == hello["place"]:
                raise ToolError(f"the board went back to {hello['version']}: {error}")
            if not is_good and ("good" in said or (said.get("id") == asked and "place" in said)):
                is_good = True
                self._say(f"board | up: pylon2mqtt {self._version}")
                until = time.monotonic() + READING_TIMEOUT_S
            if is_good and (reading or not hello["link"]):
                self._say(f"it has published {reading}" if reading else "the battery did not answer before, either")
                return
            if time.monotonic() >= ask_at:  # what it said may have been lost
                asked, ask_at = secrets.token_hex(6), time.monotonic() + ASK_AGAIN_S
                self._link.send("ask", asked)
        raise ToolError("the new version is up, but no reading came" if is_good else "the board did not come back")
