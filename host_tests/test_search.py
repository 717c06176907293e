"""Where the battery listens and how it is brought to the wanted rate; against simulated batteries and scripted ones."""

import pytest
from battery_line import AnsweringUart, BatteryUart, Log, ScriptedUart
from fakes import Clock

from firmware.battery import frame
from firmware.battery.console_line import Line
from firmware.battery.link import Link
from firmware.battery.search import PROBES, Search, answers, probes
from tools.simulator import framed
from tools.simulator.model import Pack
from tools.simulator.pace import analog_block

RATES = [1200, 2400, 4800, 9600, 19200]
OK = framed.encode(framed.OK)
ANALOG = framed.encode(framed.OK, b"\x11\x02" + framed.analog_block(Pack(1, 0).analog()), 2)
ANALOG_PACE, WITHOUT_SOH = (
    framed.encode(framed.OK, b"\0\1" + analog_block(Pack(1, 0).analog() | {"soh": soh, "design": 50000}))
    for soh in (99, None))
WAKE_UP = b"~20014682C0048520FCC3\r"
NEW_LINE = (115200, b"\r\n")
WAKING = [(1200, WAKE_UP), NEW_LINE]
PROBE, SWITCH = frame.PROTOCOL_VERSION, frame.SET_RATE


class Seeking:
    """A Search for a battery that listens at `baud`, over frames; `script`: or a ScriptedUart at 1200 baud."""

    def __init__(self, baud=1200, wanted=4800, script=None, **options):
        self.clock, self.log = Clock(), Log()
        self.uart = ScriptedUart(self.clock, script, 1200) if script else BatteryUart(self.clock, baud, **options)
        self.battery = None if script else self.uart.battery
        self.link = Link(self.uart, self.clock, wanted)
        self.search = Search(self.link, self.log, "framed", False, wanted, False)

    def go(self, most=40):
        """-> the answers of step() up to the first that is not None."""
        found = [self.search.step(0, True)]
        while found[-1] is None and len(found) < most:
            found.append(self.search.step(0, True))
        return found


@pytest.mark.parametrize("wanted", [1200, 4800])
@pytest.mark.parametrize("baud", RATES)
def test_it_is_found_at_every_rate_and_brought_to_the_wanted_one(baud, wanted):
    it = Seeking(baud, wanted)
    order = [wanted] + [rate for rate in RATES if rate != wanted]
    tried = order[: order.index(baud) + 1]
    assert it.go() == [None] * (len(tried) - 1) + ["framed"]
    assert it.uart.rates[1:] == tried + ([wanted] if baud != wanted else [])
    assert it.battery.baud == it.link.baud == wanted
    assert it.uart.asked()[len(tried) - 1 :] == [PROBE] + ([SWITCH, PROBE] if baud != wanted else [])
    assert not it.battery.forbidden and not it.log.texts("warning")
    it.battery.plugged = False
    assert it.go()[-1] == "" and it.go() == [None] * 4 + [""]  # the rest of this round, and the next one


@pytest.mark.parametrize(("to_switch", "why"), [
    ([[(0, OK)]], "silent at the new rate"), ([[], [], []], "91H at 1200 baud: no reply"),
    ([[(0, framed.encode(0x04))]], "RTN 04H"),
])  # fmt: skip
def test_a_battery_that_never_switches_is_read_at_its_own_rate_after_three_tries(to_switch, why):
    it = Seeking(script=([[(0, OK)], *to_switch]) * 3 + [[(0, OK)]])
    assert it.go() == [None, None] * 3 + [None, "framed"] and it.link.baud == 1200
    (warning,) = it.log.texts("warning")
    assert warning.startswith(f"battery stays at 1200 baud: {why}")


@pytest.mark.parametrize(("wanted", "code"), [(9600, 4), (19200, 5), (38400, 6), (57600, 7), (115200, 8)])
@pytest.mark.parametrize("fast", ["accepts", None, "deaf"])
def test_rates_that_are_not_documented(wanted, code, fast):
    """Accepted; refused; accepted, and then nobody hears. Given up with one line, and not tried again."""
    it, reached = Seeking(1200, wanted, fast=fast), fast == "accepts"
    if fast == "deaf":
        assert it.go()[-1] == ""
        it.battery.power_cycle(3)
        it.clock.sleep_ms(3000)
    assert it.go()[-1] == "framed"
    assert it.link.baud == it.battery.baud == it.search.baud == (wanted if reached else 4800)
    switches = [int(data[13:15], 16) for _, _, data in it.uart.written if data[7:9] == b"91"]
    assert switches == [code] + [3] * (not reached)
    said = [f"battery does not take {wanted} baud" in text for text in it.log.texts("warning")]
    assert said == [True] * (not reached)


def test_a_battery_at_a_fast_rate_is_found_there_when_such_a_one_was_set():
    for baud, wanted, found in ((115200, 115200, "framed"), (57600, 9600, "framed"), (57600, 4800, "")):
        it = Seeking(baud, wanted, fast="accepts")
        assert it.go()[-1] == found and (38400 in it.uart.rates[1:]) == (wanted == 9600)
        assert it.link.baud == it.battery.baud == wanted or not found


@pytest.mark.parametrize(("address", "asked"), [(1, [1]), (2, [1, 2]), (0, [1, 2, 0])])
def test_when_the_address_is_refused_each_other_one_is_tried_once_and_remembered(address, asked):
    it = Seeking(4800, address=address)
    assert it.go() == ["framed"] and it.link.address == address
    assert [int(data[3:5], 16) for _, _, data in it.uart.written] == asked
    it.search = Search(it.link, it.log, "framed", True, 4800, False)
    assert it.go() == ["framed"] and len(it.uart.written) == len(asked) + 1  # the one that works comes first
    it = Seeking(4800, address=7)
    assert it.go(1) == [None] and it.link.address == 1 and len(it.log.texts("info")) == 3
    it = Seeking(4800)
    it.battery.fault("rtn:04", rate=1)  # whatever it says, it is there
    assert it.go() == ["framed"]


def hears(data):
    """What a battery answers that takes whatever is sent; 42H with analog values."""
    if data[:1] != b"~":
        return b"\r\nUS5000>"
    if data[7:9] == b"42":
        return ANALOG if data[3:5] == b"02" else ANALOG_PACE
    return OK if data != WAKE_UP else b""


@pytest.mark.parametrize("number", range(len(PROBES) + 1))
@pytest.mark.parametrize("own", ["framed", "console"])
def test_each_probe_finds_its_battery(own, number):
    """One that is switched on when `number` probes were in vain. PACE is asked in two versions."""
    on = []
    uart, clock = AnsweringUart(lambda rate, data: hears(data) if on else b""), Clock()
    link = Line(uart, clock) if own == "console" else Link(uart, clock, 4800)
    search = Search(link, Log(), own, False, 4800, True)
    others = ("framed" if own == "console" else "console", "rs485", "pace")
    order = [probe for dialect in (own, *others) for probe in probes(dialect, 4800)]
    assert len(order) == len(PROBES) + 1 and {probe[:2] for probe in order} == {probe[:2] for probe in PROBES}
    assert [search.step(0) for _ in range(number)] == [None] * number
    on.append(True)
    uart.written.clear()
    dialect, baud, sent = order[number]
    is_pace = (dialect, baud) == ("framed", 9600)  # its analog values tell
    assert search.step(0) == ("pace" if is_pace else dialect) and uart.written[0] == (baud, sent)
    assert uart.rates[-1] == (115200 if dialect == "console" else 4800 if dialect == own and not is_pace else baud)


def test_a_switch_that_was_refused_once_or_whose_answer_was_lost():
    for fault in ("lacks:91", "silent"):
        it = Seeking()
        assert it.go(1) == [None]
        it.battery.fault(fault, rate=1)
        hit = it.battery.faults.hit
        it.battery.faults.hit = lambda name, it=it, hit=hit: it.uart.asked()[-1] == SWITCH and hit(name)
        assert it.go(1) == [None]
        it.battery.clear()
        assert it.go()[-1] == "framed" and it.battery.baud == it.link.baud == 4800 and not it.log.texts("warning")


def test_nothing_else_is_sent():
    """The wake-up is the only command that is not in the allow-list of frame.py: it changes nothing in a battery."""
    assert PROBES.count(("console", *NEW_LINE)) == 10  # one that was woken up may take so many
    sent = [frame.encode(0x42, b"\x01", 1, 0x25), frame.encode(0x42, b"\x01", 1), frame.encode(0x42, b"\x02", 2),
            frame.encode(PROBE), b"\r\n", WAKE_UP]  # fmt: skip
    every = [probe for dialect in ("framed", "console", "rs485", "pace") for probe in probes(dialect)]
    assert sorted({probe[2] for probe in every}) == sorted(sent)
    assert [probe[1] for probe in every if probe[2] == WAKE_UP] == [1200]


# what comes back to a probe, in pieces: (ms, bytes); the dialect that it is of
RS485_PROBE, CONSOLE_PROBE = probes("rs485")[0], PROBES[5]
ECHO = RS485_PROBE[2]
PROMPTS = (b"\r\n\rPYTES> \r\n", b"pylon_debug>", b"us2000-c>", b"pylon#", b"[US5000]>", b"\nUS 5000 >", b"pylon$ ",
           b"AZ>", b"az>")  # fmt: skip
NO_PROMPTS = (b"", b"x>", b"5000>", b"@[`{>", b"pylon", b"pylon>\0", b"~pylon>", b"\xff\xff>", b"pylon>help", b"$$",
              b"pylon>\r\nmore")  # fmt: skip
REPLIES = (
    *((CONSOLE_PROBE, [(100, prompt)], "console") for prompt in PROMPTS),
    *((CONSOLE_PROBE, [(100, text)], "") for text in NO_PROMPTS),
    # some RS485 modules give back what they send, and noise where they change the direction
    *((RS485_PROBE, [(100, noise + ECHO + noise), (600, ANALOG + noise)], "rs485") for noise in (b"", b"\xff\0")),
    *((RS485_PROBE, [(100, noise + ECHO + noise)], "") for noise in (b"", b"\xff\0")),
    (RS485_PROBE, [(100, ECHO[:3] + b"\xfe" + ECHO[4:]), (600, ANALOG)], "rs485"),
    (PROBES[0], [(100, OK + b"\0")], "framed"), (PROBES[0], [(100, OK.replace(b"6", b"7"))], ""),
    (RS485_PROBE, [(100, ANALOG[:-1]), (200, b"\r")], "rs485"),
    (RS485_PROBE, [(1290, ANALOG)], "rs485"), (RS485_PROBE, [(1310, ANALOG)], ""),
    (RS485_PROBE, [(100, ANALOG[:-5] + b"0000\r")], ""),
    (RS485_PROBE, [(100, framed.encode(0x06))], ""), (RS485_PROBE, [(100, b"x" * 300 + ANALOG)], "rs485"),
    (RS485_PROBE, [(100, ANALOG_PACE)], "pace"), (RS485_PROBE, [(100, WITHOUT_SOH)], "pace"),
    (probes("pace")[0], [(100, ANALOG)], "framed"),
)  # fmt: skip


@pytest.mark.parametrize(("probe", "pieces", "dialect"), REPLIES)
def test_what_an_answer_to_a_probe_is(probe, pieces, dialect):
    clock = Clock()
    assert answers(ScriptedUart(clock, [pieces]), clock, probe) == dialect


@pytest.mark.parametrize(("pause_ms", "sent"), [(3_999, [[]] * 4), (4_000, [[NEW_LINE], WAKING, [NEW_LINE]])])
def test_a_battery_that_was_read_is_looked_for_in_the_other_dialect_only_when_it_stays_away(pause_ms, sent):
    uart, clock = AnsweringUart(), Clock()
    search = Search(Link(uart, clock, 4800), Log(), "framed", True, 4800, True)
    for others in sent:
        uart.written.clear()
        while search.step(pause_ms) is None:
            pass
        assert len(uart.written) >= 5 and uart.written[5:] == others
