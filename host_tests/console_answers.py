"""Answers of the text console, made to order: each layout, with values of our own. Runs on MicroPython."""
# ruff: noqa: B905, RUF005, RUF015, UP031 - of MicroPython

from fakes import Clock

from firmware.battery.console import Console
from firmware.battery.console_line import Line

CELLS = (3330, 3331, 3329, 3330, 3332, 3330, 3331, 3328, 3330, 3331, 3330, 3329, 3330, 3331, 3330)
HEAD = "Power Volt Curr Tempr Tlow Thigh Vlow Vhigh Base.St Volt.St Curr.St Temp.St Coulomb Time B.V.St B.T.St"
USUAL = ("1", "49952", "-6300", "23500", "22000", "22500", "3328", "3332", "Dischg", "Normal", "Normal", "Normal",
         "83%", "2024-04-05 18:24:33", "Normal", "Normal")  # fmt: skip
PLACES = (("Tlow.Id", "3"), ("Thigh.Id", "4"), ("Vlow.Id", "12"), ("Vhigh.Id", "0"))  # cells, from 0
IDS = HEAD.replace("Tlow Thigh Vlow Vhigh", "Tlow Tlow.Id Thigh Thigh.Id Vlow Vlow.Id Vhigh Vhigh.Id")
# layout -> header, what a pack's row has more than the first layout, rows
LAYOUTS = (
    ("us2000c", HEAD + " MosTempr M.T.St", ("27500", "Normal"), 16),
    ("us5000-v2", IDS + " MosTempr M.T.St SysAlarm.St", ("27500", "Normal", "Normal"), 16),
    ("pytes", HEAD + " Barcode DevType", ("LB12345678901234", "E-BOX"), 8),
    ("us3000d", IDS + " MosTempr M.T.St", ("27500", "Normal"), 0),  # only those that are there
)
# What `pwr N`, `info N` and `stat N` say
PWR = (
    ("Voltage", "49952 mV"), ("Current", "-6300 mA"), ("Temperature", "23500 mC"), ("Coulomb", "83 %"),
    ("Total Coulomb", "50000 mAH"), ("Max Voltage", "54000 mV"), ("Charge Times", "11344"), ("Basic Status", "Dischg"),
    ("Volt Status", "Normal"), ("Current Status", "Normal"), ("Tmpr. Status", "Normal"), ("Coul. Status", "Normal"),
    ("Soh. Status", "Normal"), ("Heater Status", "OFF"), ("Bat Events", "0x0"), ("Power Events", "0x0"),
    ("System Fault", "0x0"),
)  # fmt: skip
INFO = (
    ("Manufacturer", "Pylon"), ("Device name", "US5000"), ("Board version", "V10R04"), ("Main Soft version", "B69.16"),
    ("Soft  version", "V1.3"), ("Comm version", "V2.0"), ("Barcode", "PMADE00000000001"),
)  # fmt: skip
STAT = (("Data Items", 487), ("Charge Times", 32170), ("CYCLE Times", 62), ("SOH", 98), ("Pwr Coulomb", 137832026))
# layout of `bat` -> columns behind the states, and how a row ends (SOC %, mAh, does it balance)
BATS = (
    ("us5000", ("SOC", "Coulomb", "BAL"), "{0}%         {1} mAH      {2}"),
    ("old", ("Coulomb", "BAL"), "{0}%         {1} mAH      {2}"),
    ("percent", ("Coulomb", "BAL"), "{0}%          {2}"), ("pytes", ("Coulomb",), " {0}%      {1} mAH"),
)  # fmt: skip


def row_of(words, widths):
    return "".join(["%-*s" % one for one in zip(widths, words)])


def wrapped(command, lines, end="\r\r\n", prompt="pylon>", done=True):
    """A whole answer as bytes, echo and prompt included."""
    said = ["", prompt + command, "@"] + list(lines) + ["Command completed successfully"] * done
    return (end.join(said + ["$$", prompt])).encode()


def refusal(command, *words):
    return wrapped(command, words, done=False)


def pwr(layout="us2000c", there=(1, 2), words=(), **more):
    """`pwr`, with packs `there`; `words`: {column: word} that differ in each."""
    header, extra, rows = [row[1:] for row in LAYOUTS if row[0] == layout][0]
    names = header.split()
    wide = {"Power": 6, "Time": 21, "Barcode": 18, "Tlow.Id": 9, "Thigh.Id": 9, "Vlow.Id": 9, "Vhigh.Id": 9}
    widths = [wide.get(name, 7 if at < names.index("Base.St") else 9) for at, name in enumerate(names)]
    lines = [row_of([name + " " for name in names], widths)]
    row = dict(zip(HEAD.split() + names[len(names) - len(extra) :], USUAL + extra), **dict(PLACES, **dict(words)))
    for number in range(1, rows + 1) if rows else there:
        row["Power"] = str(number)
        if number in there:
            lines.append(row_of([row[name] for name in names], widths))
        else:  # in columns of the first layout
            absent = [str(number)] + ["Absent" if at == 8 else "-" for at in range(1, 16)]
            lines.append(row_of(absent, [7] * 8 + [9] * 8))
    return wrapped("pwr", lines, **more)


def pwr_of(pack=1, words=()):
    """`pwr N`; `words`: {name: what it says instead, with a unit of its own or not, or None: not at all}."""
    words = dict(words)
    lines = [" ----------------------------", " Power  %d" % pack, ""]
    for name, usual in list(PWR) + [one for one in words.items() if one[0] not in dict(PWR)]:
        word = words.get(name, usual)
        if word is not None:
            unit = usual.partition(" ")[2] if " " not in word else ""
            lines.append(" %-16s: %-12s%s" % (name, word, unit))
    lines.append(" Protect ENA     : BOV BHV BLV BUV POV PHV PLV PUV CBOT CBHT SC LCOUL ")
    return wrapped("pwr %d" % pack, lines + [" ----------------------------"])


def bat(pack=1, layout="us5000", cells=CELLS, soc=83, charge=41500, states=None, balancing=()):
    """`bat N`; `states`: {cell from 0: (Base State, Volt. State, Curr. State, Temp. State)}."""
    last, end = [row[1:] for row in BATS if row[0] == layout][0]
    names = ["Battery", "Volt", "Curr", "Tempr", "Base State", "Volt. State", "Curr. State", "Temp. State"]
    rows = [names + list(last)]
    for number, volt in enumerate(cells):
        words = [str(number), str(volt), "-6300", str(22000 + 100 * (number // 4))]
        words += (states or {}).get(number, ("Dischg", "Normal", "Normal", "Normal"))
        rows.append(words + [end.format(soc, charge + number, "Y" if number in balancing else "N")])
    if layout == "pytes":
        rows = [row[:2] + row[3:] for row in rows]
    widths = [9] * (3 if layout == "pytes" else 4) + [13] * 7
    return wrapped("bat %d" % pack, [row_of(row, widths) for row in rows])


def info(pack=1, words=()):
    said = dict(INFO, **dict(words))
    lines = ["%-20s: %s" % (name, said[name]) for name, _ in INFO]
    return wrapped("info %d" % pack, ["Device address      : %d" % pack] + lines)


def stat(pack=1, items=STAT):
    lines = ["%-16s:%9s" % item for item in items]
    return wrapped("stat %d" % pack, ["Device address           %d" % pack] + lines)


def rack(packs=2, layout="us2000c"):
    answers = {"pwr": pwr(layout, tuple(range(1, packs + 1)))}
    for pack in range(1, packs + 1):
        for make, name in ((pwr_of, "pwr"), (bat, "bat"), (info, "info"), (stat, "stat")):
            answers["%s %d" % (name, pack)] = make(pack)
    return answers


class Uart:
    """Answers as `answers` say: {command: bytes, or a list, one after the other, the last again and again}."""

    def __init__(self, answers, takes=b"", each=False):
        self.answers = answers
        self._takes, self._each = takes, each  # what a command has to end in; do CR and LF both bring a prompt?
        self.sent = []
        self.waiting = b""
        self.paged = 0  # characters after which the pager asks
        self.pager = b"Press [Enter] to be continued,other key to exit", b"\r" + b" " * 48 + b"\r"
        self._rest = b""

    def write(self, data):
        data = bytes(data)
        self.sent.append(data)
        if data == b"\r" and self._rest:
            self.waiting += self.pager[1] + self._rest
            self._rest = b""
        elif not data.strip():
            self.waiting += b"\r\npylon>"
        elif data.endswith(self._takes):
            said = self.answers.get(data.decode().strip(), b"")
            if isinstance(said, list):
                said = said.pop(0) if len(said) > 1 else said[0]
            if self.paged:
                end = said.rfind(b"\n", 0, self.paged) + 1
                said, self._rest = said[:end] + self.pager[0], said[end:]
            self.waiting += said + (b"\n\rpylon>" if self._each else b"")

    def readinto(self, view):
        some, self.waiting = self.waiting[: len(view)], self.waiting[len(view) :]
        view[: len(some)] = some
        return len(some) or None


def console(answers=None, **more):
    """-> (a Console over `answers`, or over rack(…), the UART behind it)."""
    uart = Uart(rack(**more) if answers is None else answers)
    return Console(Line(uart, Clock())), uart


def replaced(answer, *changes):
    for old, new in changes:
        assert old in answer, old
        answer = answer.replace(old, new)
    return answer


def on(alarms):
    """The flags that are set, but for those of the current's direction."""
    return " ".join([key for key in alarms.on if key not in ("Charging", "Discharging")])


def raised(error, function, *arguments):
    try:
        function(*arguments)
    except error as it:
        return it
    raise AssertionError("nothing was raised")
