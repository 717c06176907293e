"""The whole way in a test: a simulated battery, the firmware on a virtual board, a broker; and a judge of what came."""

import json
import time
from decimal import Decimal

from discovery_rules import HomeAssistant
from mqtt_helpers import Message

from tools.simulator import Simulator
from tools.simulator.commands import SYSTEM_PARAMETERS
from tools.truth import Truth

SPEED = 5  # of board and battery; sockets keep the PC's time
START_S = 40  # from power on to the first reading
LIMITS = "charge_voltage", "discharge_voltage", "charge_current", "discharge_current"
ENABLES = ("ChargeEnable", 0x80), ("DischargeEnable", 0x40), ("ChargeImmediately", 0x30), ("FullChargeRequest", 0x08)


class Way:
    """One rack, entered: `board` is the fixture, `broker` and `recorder` may be shared with others. settings: more of
    config.json, options: of the Simulator (unpaced), speed: how many times as fast the board and the battery go.
    """

    def __init__(self, board, broker, recorder, rack="Main", settings=(), heap="chip", speed=SPEED, **options):
        self._make, self.board, self.recorder = board, None, recorder
        self.rack, self.prefix = rack, f"PylonToMQTT/{rack}/"
        self.heap, self.speed = heap, speed
        self.settings = {
            "wifi_ssid": "virtual", "mqtt_host": broker.host, "mqtt_port": broker.port, "rack_name": rack,
            "publish_rate": 1, "discovery": False, **dict(settings),
        }  # fmt: skip
        self.sim = Simulator(paced=False, speed=speed, **options)

    def __enter__(self):
        self.sim.start()
        return self

    def __exit__(self, *_):
        if self.board:
            self.board.close()
        self.sim.close()

    def start(self, **arguments):
        """Switches a new board on, with a flash of its own -> self."""
        self.board = self._make(self.settings, uart=self.sim.path, heap=self.heap, speed=self.speed, **arguments)
        return self

    def stop(self):
        """Ctrl-C -> exit status."""
        return self.board.stop()

    def heard(self, name="", since=0.0):
        """-> the messages below the rack's prefix whose rest begins with `name`."""
        return [m for m in list(self.recorder.messages) if m.topic.startswith(self.prefix + name) and m.time >= since]

    def said(self, name, since=0.0):
        """-> the payloads of a topic, parsed; numbers as Decimal."""
        return [parsed(m.payload) for m in self.heard(name, since) if m.topic == self.prefix + name]

    def wait(self, name, timeout_s=START_S, since=0.0, count=1):
        """Waits for the message number `count` of a topic that came since (s, monotonic) -> it."""
        topic, found = self.prefix + name, []

        def fits(message):
            if message.topic == topic and message.time >= since:
                found.append(message)
            return len(found) >= count

        return self.recorder.wait_for(fits, timeout_s)

    def command(self, payload, answer="tele/STATE"):
        """-> what is published on the topic `answer` then."""
        since = now()
        self.recorder.publish(f"{self.prefix}cmnd/test", payload)
        return self.wait(answer, since=since).payload

    def health(self):
        """Asks for tele/STATE -> it, parsed."""
        return parsed(self.command('{"status": true}'))

    def complaints(self):
        """Console lines that speak of a crash; resets are in board.resets."""
        return [line for line in self.board.lines if "Error" in line or "Traceback" in line]

    def judged(self):
        """-> tools.truth.Truth that saw all replies and readings in the order in which they came."""
        truth = Truth()
        for one in sorted([*self.sim.truth, *self.heard("stat/readings/Pack")], key=lambda one: one.time):
            if isinstance(one, Message):
                truth.check(int(one.topic.rpartition("Pack")[2]), one.payload, one.time)
            else:
                truth.note(one)
        return truth

    def wrong_details(self, lacking=()):
        """-> published identities, limits, parameters that the battery has not so; keys in `lacking` may be missing."""
        wrong = []
        for message in self.heard("stat/info") + self.heard("stat/limits") + self.heard("stat/parameters"):
            if message.payload != b"{}":  # a pack that the battery did not count for a while
                name = message.topic[len(self.prefix) :]
                expected = {key: value for key, value in self.details(name).items() if key not in lacking}
                if parsed(message.payload) != expected:
                    wrong.append((name, message.payload, expected))
        return wrong

    def details(self, name):
        """-> what mqtt.md makes of what the battery has, for one of the retained topics; {} for a pack it has not."""
        if name == "stat/parameters":
            return limits(SYSTEM_PARAMETERS)
        pack, commands = int(name.rpartition("Pack")[2]), self.sim.battery.commands
        try:
            has = self.sim.snapshot(pack)
        except KeyError:
            return {}
        if "limits" in name:
            said = limits({field: has["management"][field] for field in LIMITS})
            return said | {key: bool(has["management"]["status"] & mask) for key, mask in ENABLES}
        protocol = f"{commands.protocol >> 4}.{commands.protocol & 15}"
        said = {"BarCode": has["serial"], "Protocol": protocol, "Dialect": "framed", "Baud": self.sim.baud}
        master = {"Version": commands.version, "Manufacturer": commands.maker, "Device": commands.device}
        return said | master if pack == 1 else said


def limits(values):
    """{field: mV, mA or 0.1 °C} -> {key: V, A or °C}, such as charge_high_temperature -> ChargeHighTemperatureLimit."""
    return {"".join(map(str.capitalize, field.split("_"))) + "Limit":
            Decimal(value) / (10 if field.endswith("temperature") else 1000) for field, value in values.items()}


def fed(it):
    """All that a Way has heard, as Home Assistant takes it -> (HomeAssistant, {(topic, key): state}, all legal)."""
    home_assistant, states = HomeAssistant(), {}
    for message in it.recorder.messages:
        if message.topic.startswith("homeassistant/device/"):
            home_assistant.take(message.topic, message.payload)
        elif message.topic.startswith(it.prefix) and message.payload[:1] == b"{":
            states |= home_assistant.states(message.topic, message.payload.decode(), states)
    return home_assistant, states


def parsed(payload):
    return json.loads(payload, parse_float=Decimal)


def now():
    """s, on the clock that messages and replies are stamped with."""
    return time.monotonic()
