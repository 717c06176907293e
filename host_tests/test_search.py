"""Where the battery listens and how it is brought to the wanted rate; against simulated batteries and scripted ones."""

from __future__ import annotations

import pytest
from battery_line import BatteryUart, Log, ScriptedUart
from fakes import Clock

from firmware.battery import frame
from firmware.battery.link import Link
from firmware.battery.search import Search
from tools.simulator import framed

RATES = (1200, 2400, 4800, 9600, 19200)
OK = framed.encode(framed.OK)
PROBE, SWITCH = frame.PROTOCOL_VERSION, frame.SET_RATE


class Seeking:
    """A Search at a battery that listens at `baud`."""

    def __init__(self, baud=1200, wanted=4800, **options):
        self.clock = Clock()
        self.uart = BatteryUart(self.clock, baud, **options)
        self.battery = self.uart.battery
        self.log = Log()
        self.link = Link(self.uart, self.clock, wanted)
        self.search = Search(self.link, self.log, wanted, [])

    def go(self, most=40):
        """-> the answers of step() up to the first that is not None."""
        answers = []
        while len(answers) < most and not (answers and answers[-1] is not None):
            answers.append(self.search.step())
        return answers


@pytest.mark.parametrize("wanted", [1200, 2400, 4800])
@pytest.mark.parametrize("baud", RATES)
def test_it_is_found_at_every_rate_and_brought_to_the_wanted_one(baud, wanted):
    it = Seeking(baud, wanted)
    answers = it.go()
    order = [wanted] + [rate for rate in RATES if rate != wanted]
    assert answers == [None] * order.index(baud) + [True]
    tried = order[: order.index(baud) + 1]
    assert it.uart.rates[1:] == tried + ([wanted] if baud != wanted else [])
    assert it.battery.baud == it.link.baud == wanted
    assert it.uart.asked()[len(tried) - 1 :] == [PROBE] + ([SWITCH, PROBE] if baud != wanted else [])
    assert not it.battery.forbidden and not it.log.texts("warning")


def test_a_round_without_answer_ends_with_false_and_the_next_begins_anew():
    it = Seeking()
    it.battery.plugged = False
    for _ in range(3):
        assert it.go() == [None] * 4 + [False]
    assert it.uart.rates[1:] == [4800, 1200, 2400, 9600, 19200] * 3
    assert it.uart.asked() == [PROBE] * 15
    it.battery.plugged = True
    assert it.go() == [None, True]


def test_a_step_is_one_rate_and_takes_little_more_than_a_second():
    it = Seeking()
    it.battery.plugged = False
    for characters_at in (4800, 1200, 2400, 9600, 19200):
        before_ms = it.clock.passed_ms
        it.search.step()
        assert it.clock.passed_ms - before_ms <= 1000 + 36 * 10_000 // characters_at + 10


def test_garbage_at_the_wrong_rate_is_no_battery():
    it = Seeking(9600, garbage=True)
    it.battery.fault("babble")
    assert it.go() == [None] * 4 + [False]
    it.battery.clear()
    assert it.go() == [None, None, None, True]


@pytest.mark.parametrize("code", [0x04, 0x05, 0x06])
def test_a_battery_that_refuses_the_switch_is_read_at_its_own_rate(code):
    it = Seeking()
    answers = [[(0, OK)], [(0, framed.encode(code))]]
    it.link = Link(ScriptedUart(it.clock, answers * 3 + [[(0, OK)]], at_rate=1200), it.clock, 4800)
    it.search = Search(it.link, it.log, 4800, [])
    assert it.go() == [None, None] * 3 + [None, True]
    assert it.link.baud == 1200
    assert it.log.texts("warning") == [f"battery stays at 1200 baud: RTN {code:02X}H"]


def test_a_switch_that_was_refused_once_is_tried_again():
    it = Seeking()
    it.battery.fault("lacks:91")
    assert [it.search.step(), it.search.step()] == [None, None]
    it.battery.clear()
    assert it.go() == [None, True]
    assert it.battery.baud == it.link.baud == 4800 and not it.log.texts("warning")


@pytest.mark.parametrize("said", ["yes", "nothing"])
def test_a_battery_that_never_switches_is_read_at_its_own_rate_after_three_tries(said):
    it = Seeking()
    probe, switch = [(0, OK)], [(0, OK)] if said == "yes" else []
    tries = [probe, switch] if said == "yes" else [probe, [], [], []]
    uart = ScriptedUart(it.clock, tries * 3 + [probe], at_rate=1200)
    it.link = Link(uart, it.clock, 4800)
    it.search = Search(it.link, it.log, 4800, [])
    assert it.go() == [None, None] * 3 + [None, True]
    assert it.link.baud == 1200
    (warning,) = it.log.texts("warning")
    reason = "silent at the new rate" if said == "yes" else "91H at 1200 baud: no reply"
    assert warning == f"battery stays at 1200 baud: {reason}"


def test_a_switch_whose_answer_was_lost_is_found_at_the_wanted_rate():
    it = Seeking()
    assert it.search.step() is None
    it.battery.fault("silent", rate=1)  # the battery switches, but its answer is lost
    it.battery.faults.hit = lambda name, real=it.battery.faults.hit: it.uart.asked()[-1] == SWITCH and real(name)
    assert it.go() == [None, True]
    assert it.battery.baud == it.link.baud == 4800 and not it.log.texts("warning")


@pytest.mark.parametrize(("address", "asked"), [(1, [1]), (2, [1, 2]), (0, [1, 2, 0])])
def test_when_the_address_is_refused_each_other_one_is_tried_once_and_remembered(address, asked):
    it = Seeking(4800, address=address)
    assert it.go() == [True]
    assert [int(data[3:5], 16) for _, _, data in it.uart.written] == asked
    assert it.link.address == address
    assert it.search.step() is True
    assert len(it.uart.written) == len(asked) + 1  # the one that works comes first


def test_when_all_addresses_are_refused_the_first_stays_and_the_search_goes_on():
    it = Seeking(4800, address=7)
    assert it.search.step() is None
    assert [int(data[3:5], 16) for _, _, data in it.uart.written] == [1, 2, 0]
    assert it.link.address == 1
    assert len(it.log.texts("info")) == 3


@pytest.mark.parametrize("code", [0x01, 0x02, 0x04, 0x05, 0x06, 0x91])
def test_a_battery_that_answers_with_an_error_is_there(code):
    it = Seeking(4800)
    it.battery.fault("rtn", rate=1, code=code)
    assert it.go() == [True]

