"""The text console: the checks of console_*_cases.py, and what owners recorded."""

import console_answers as made
import pytest
import recordings
from fakes import Clock
from plain_checks import checks_of

from firmware.battery import console_cells, console_line, console_seldom, console_table, console_values
from firmware.battery.console import Console

# recording, pack -> what was said there
READINGS = (
    ("us5000", 1, (49959, 15939, (282,), 44231, 100000, 108, 100), (45, 275, "Charge", ())),
    ("us5000", 3, (49905, 5024, (330,), 16510, 50000, None, None), (35, None, "Charge", ())),
    ("pytes-ebox", 1, (48328, 0, (260,), 38286, 50000, 62, None), (77, None, "Idle", None)),
)
PACKS = (("us5000", (1, 2, 3, 4), {1: 275, 2: 302}), ("pytes-ebox", (1, 2), {}))
IDENTITIES = (
    ("us5000", 1, ("Yxxxxxxxxxxxxxx7", "2.0", "1.3", "Pylon", "US5000")),
    ("us5000", 3, ("Pxxxxxxxxxxxxxx8", "2.0", "2.8", "Pylon", "US2KBPL")),
    ("pytes-ebox", 1, ("LBXXXXXXXXXXXXX4", "2.0", "1.3", "PYTES", "E-BOX-4850P")),
)


@checks_of("console_cases")
def test_console(check):
    check()


@checks_of("console_line_cases")
def test_line(check):
    check()


@checks_of("console_table_cases")
def test_table(check):
    check()


@checks_of("console_quirk_cases")
def test_quirks(check):
    check()


@checks_of("console_time_cases")
def test_times(check):
    check()


@pytest.fixture
def recorded(project):
    """{recording: {command: answer}}; skips where the recordings are not there."""
    folder = project.parent / "shared" / "console"
    if not folder.is_dir():
        pytest.skip("no recorded console text here")
    return {
        name: {path.stem.replace("-", " "): path.read_bytes() for path in (folder / name).glob("*.txt")}
        for name in recordings.CONSOLES
    }


@pytest.fixture
def recording(request):
    """{command: answer} of each recording, and of the capture with --frames; skips where there are none."""
    if request.param != "capture":
        return request.getfixturevalue("recorded")[request.param]
    return recordings.console(request.config.capture) or pytest.skip("no console text in the capture")


def over(answers):
    """A Console over recorded answers; what was not recorded is not known to the battery."""
    answers = dict(answers)
    for pack in range(1, 4):
        unknown = made.wrapped(f"stat {pack}", ["Unknown command 'stat' - try 'help'"], done=False)
        answers.setdefault(f"stat {pack}", unknown)
    return Console(console_line.Line(made.Uart(answers), Clock()))


@pytest.mark.parametrize(("name", "packs", "mos"), PACKS)
def test_recorded_packs(recorded, name, packs, mos):
    console = over(recorded[name])
    assert console.ask("packs", None) == packs
    assert console.mos == mos


@pytest.mark.parametrize(("name", "pack", "values", "extra"), READINGS)
def test_recorded_readings(recorded, name, pack, values, extra):
    console = over(recorded[name])
    console.ask("packs", None)
    reading, more = console.read(pack), console.extra
    assert (reading.voltage, reading.current, reading.temperatures, reading.remaining, reading.capacity,
            reading.cycles, reading.soh) == values  # fmt: skip
    assert (more.soc, more.mos, more.base, more.balancing) == extra
    assert len(reading.cells) == len(more.temperatures) == 15
    assert not [key for key, is_set in reading.alarms.flags if is_set and key != "Charging"] and not more.words


@pytest.mark.parametrize(("name", "pack", "identity"), IDENTITIES)
def test_recorded_identities(recorded, name, pack, identity):
    assert over(recorded[name]).ask("identity", pack) == (*identity, "console", 115200)


PARSERS = {"bat": console_cells.cell_values, "stat": console_seldom._stat, "info": console_seldom._info}


def test_every_recording(recording):
    """Each is one whole answer, and is parsed by who asks for it; `time` and `soh` nobody asks for."""
    for command in recording:
        verb, _, number = command.partition(" ")
        pack = int(number) if number else None
        parse = PARSERS.get(verb, lambda lines, pack: list(lines))
        if verb == "pwr":
            parse = console_values.pack_values if pack else console_table.table
        line = console_line.Line(made.Uart(recording), Clock())
        assert line.request(verb, pack, lambda lines, parse=parse, pack=pack: parse(lines, pack)), command
        assert line.polls == 1 and line.frame_errors == 0


def test_no_recording_is_missing(recorded):
    assert sum(len(answers) for answers in recorded.values()) == 18


def test_recorded_answers_with_damage(recording):
    """A character lost or doubled: the true reading comes, since the answer is asked for again."""
    if not {"pwr 1", "bat 1"} <= recording.keys():
        pytest.skip("not all answers of pack 1")
    console = over(recording)
    true = console.read(1)
    for command in ("pwr 1", "bat 1"):
        good = recording[command]
        for at in range(0, len(good), 11):
            for damaged in (good[:at] + good[at + 1 :], good[: at + 1] + good[at:]):
                console.link.uart.answers[command] = [damaged, good]
                assert console.read(1) == true, damaged
        console.link.uart.answers[command] = good
