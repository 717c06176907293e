"""The text console: what owners recorded, read where it is."""

import console_answers as made
import pytest
import recordings
from fakes import Clock

from firmware.battery import NoReply, console_details, console_line, console_pack
from firmware.battery.console import Console

# recording, pack -> voltage, current, temperature, remaining, capacity, cycles, SOH; SOC, MOSFETs, state, balancing,
# events; flags, count of cells
READINGS = (
    ("us5000", 1, (49959, 15939, (282,), 44231, 100000, 108, 100), (45, 275, "charging", (), "none"), "", 15),
    ("pytes-ebox", 1, (48328, 0, (260,), 38286, 50000, 62, None), (77, None, "idle", None, "none"), "", 15),
    ("pytes-v5", 1, (53244, 0, (240,), 33417, 100000, None, None), (73, None, "idle", None, "none"),
     "Charge_MOS Discharge_MOS", 16),
)  # fmt: skip
# Packs that are there, their MOSFETs
PACKS = (
    ("us5000", (1, 2, 3, 4), {1: 275, 2: 302}), ("pytes-ebox", (1, 2), {}), ("pytes-v5", (1,), {}),
    ("us3000d", (1, 2, 3, 4, 5, 6), {1: 318, 2: 285, 3: 263, 4: 262, 5: 259, 6: 265}), ("us2000c-full", (1,), {1: 271}),
    ("us5000-mixed", (1, 2, 3), {1: 262, 2: 271, 3: 273}),
)  # fmt: skip
# Serial number, protocol, version, maker, device, board; cycles, SOH, discharged mAh, protections, resets, shutdowns
SAID = (
    ("us5000", 1, ("Yxxxxxxxxxxxxxx7", "2.0", "1.3", "Pylon", "US5000", "V10R04"), (108, 100, 10800803, 0, 13, 1)),
    ("us5000", 3, ("Pxxxxxxxxxxxxxx8", "2.0", "2.8", "Pylon", "US2KBPL", "PHANTOMSAV10R03"), None),
    ("pytes-ebox", 1, ("LBXXXXXXXXXXXXX4", "2.0", "1.3", "PYTES", "E-BOX-4850P", "SQBMSV13"),
     (62, None, 3125858, 41, 62, 11)),
    ("us2000c-full", 1, ("<REDACTED>", "2.0", "1.7", "Pylon", "US2000C", "V10R04"), (666, 93, 33318354, 21, 35, 3256)),
)  # fmt: skip
PARSERS = {
    "bat": lambda lines, pack: console_pack.cells(lines, 0), "stat": console_details.stat, "info": console_details.info,
    "pwr": lambda lines, pack: console_pack.values(lines, pack) if pack else console_details.table(lines, None),
}  # fmt: skip


@pytest.fixture(scope="module")
def recorded(project):
    """{recording: {command: answer}}; skips where the recordings are not there."""
    shared = project.parent / "shared"
    if not (shared / "console").is_dir() or not (shared / "console-field").is_dir():
        pytest.skip("no recorded console text here")
    found = {name: {} for name in (*recordings.CONSOLES, "force-h2", "force-sc")}
    for path in (*shared.glob("console/*/*.txt"), *shared.glob("console-field/*/*.txt")):
        command = path.stem.replace("-", " ")
        whole = path.read_bytes()
        if path.parent.parent.name == "console-field":  # without echo and line ends, partly without end mark
            whole = made.wrapped(command, whole.decode().partition("Command completed")[0].splitlines())
        found[path.parent.name][command] = whole
    return found


@pytest.fixture
def recording(request):
    """{command: answer} of each recording, and of the capture with --frames; skips where there are none."""
    if request.param != "capture":
        return request.getfixturevalue("recorded")[request.param]
    return recordings.console(request.config.capture) or pytest.skip("no console text in the capture")


def over(answers):
    """A Console over recorded answers; what was not recorded is refused."""
    refused = {command: made.refusal(command, "Command failed") for command in ("stat", "stat 1", "stat 2", "stat 3")}
    return Console(console_line.Line(made.Uart(refused | answers), Clock()))


def test_recorded_packs(recorded):
    for name, packs, mos in PACKS:
        console = over(recorded[name])
        assert console.packs() == packs and console._mos == mos, name
    for name in ("force-h2", "force-sc"):
        with pytest.raises(NoReply, match="of the Force family"):
            over(recorded[name]).packs()


def test_recorded_readings(recorded):
    for name, pack, values, more, flags, cells in READINGS:
        console = over(recorded[name])
        console.packs()
        reading = console.read(pack)
        assert (reading.voltage, reading.current, reading.temperatures, reading.remaining, reading.capacity,
                reading.cycles, reading.soh) == values  # fmt: skip
        said = reading.soc, reading.mos, reading.state, reading.balancing, reading.events
        assert said == more and not reading.words
        assert len(reading.cells) == len(reading.cell_temperatures) == cells and made.on(reading.alarms) == flags


def test_recorded_identities_and_counters(recorded):
    for name, pack, (*identity, board), counters in SAID:
        assert over(recorded[name]).identity(pack) == ((*identity, "console", 115200, board), None)
        if counters:
            console = over({**made.rack(1), "stat 1": recorded[name]["stat 1"]})
            console.read(1)
            assert console.counters(1) == counters, name


def test_every_recording(recording):
    """Each is one whole answer, and is parsed by who asks for it; `time` and `soh` nobody asks for."""
    for command in recording:
        verb, _, number = command.partition(" ")
        pack = int(number) if number else None
        parse = PARSERS.get(verb, lambda lines, pack: list(lines))
        line = console_line.Line(made.Uart(recording), Clock())
        assert line.request(verb, pack, lambda lines, parse=parse, pack=pack: parse(lines, pack), 1), command
        assert line.polls == 1 and line.frame_errors == 0
