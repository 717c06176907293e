"""Answers of the text console, made to order: each layout, with values of our own. Runs on MicroPython."""
# ruff: noqa: B905, RUF005, RUF015, UP031 - of MicroPython

from fakes import Clock

from firmware.battery.console import Console
from firmware.battery.console_line import Line

CELLS = (3330, 3331, 3329, 3330, 3332, 3330, 3331, 3328, 3330, 3331, 3330, 3329, 3330, 3331, 3330)
HEAD = "Power Volt Curr Tempr Tlow Thigh Vlow Vhigh Base.St Volt.St Curr.St Temp.St Coulomb Time B.V.St B.T.St"
IDS = HEAD.replace("low ", "low Tlow.Id ", 1).replace("Thigh ", "Thigh Thigh.Id ").replace("Vlow ", "Vlow Vlow.Id ")
IDS = IDS.replace("Vhigh ", "Vhigh Vhigh.Id ")
# layout -> header, what a pack's row has more than the first layout, rows
LAYOUTS = (
    ("us2000", HEAD, (), 8),
    ("us2000c", HEAD + " MosTempr M.T.St", ("27500", "Normal"), 16),
    ("us5000-v2", IDS + " MosTempr M.T.St SysAlarm.St", ("27500", "Normal", "Normal"), 16),
    ("pytes", HEAD + " Barcode DevType", ("LB12345678901234", "E-BOX"), 8),
    ("us3000d", IDS + " MosTempr M.T.St", ("27500", "Normal"), 0),  # only those that are there
)
PLACES = (("Tlow", "3"), ("Thigh", "4"), ("Vlow", "12"), ("Vhigh", "0"))  # of the lowest and highest: ids, from 0
SPECIAL_WIDTHS = {"Power": 6, "Time": 21, "Barcode": 18, "Tlow.Id": 9, "Thigh.Id": 9, "Vlow.Id": 9, "Vhigh.Id": 9}
USUAL = ("1", "49952", "-6300", "23500", "22000", "22500", "3328", "3332", "Dischg", "Normal", "Normal", "Normal",
         "83%", "2024-04-05 18:24:33", "Normal", "Normal")  # fmt: skip
VALUES = (
    ("Voltage", "49952", "mV"),
    ("Current", "-6300", "mA"),
    ("Temperature", "23500", "mC"),
    ("Coulomb", "83", "%"),
    ("Total Coulomb", "50000", "mAH"),
    ("Max Voltage", "54000", "mV"),
    ("Charge Times", "11344", ""),
)
STATUS = (
    ("Basic Status", "Dischg"),
    ("Volt Status", "Normal"),
    ("Current Status", "Normal"),
    ("Tmpr. Status", "Normal"),
    ("Coul. Status", "Normal"),
    ("Soh. Status", "Normal"),
    ("Heater Status", "OFF"),
    ("Bat Events", "0x0"),
    ("Power Events", "0x0"),
    ("System Fault", "0x0"),
)
INFO = (
    ("Manufacturer", "Pylon"),
    ("Device name", "US5000"),
    ("Board version", "V10R04"),
    ("Main Soft version", "B69.16"),
    ("Soft  version", "V1.3"),
    ("Comm version", "V2.0"),
    ("Barcode", "PMADE00000000001"),
    ("Specification", "48V/100AH"),
)
STAT = (("Data Items", 487), ("Charge Times", 32170), ("CYCLE Times", 62), ("SOH", 98), ("Pwr Coulomb", 137832026))


def padded(text, width):
    return text + " " * (width - len(text)) if len(text) < width else text + " "


def wrapped(command, lines, end="\r\r\n", prompt="pylon>", done=True):
    """A whole answer as bytes, echo and prompt included."""
    said = ["", prompt + command, "@"] + list(lines)
    said += ["Command completed successfully"] if done else []
    return (end.join(said + ["$$", prompt])).encode()


def pwr(layout="us2000c", there=(1, 2), words=(), **more):
    """`pwr`, with packs `there`; `words`: {column: word} that differ in each."""
    header, extra, rows = [row[1:] for row in LAYOUTS if row[0] == layout][0]
    names = header.split()
    widths = [SPECIAL_WIDTHS.get(name, 7 if at < names.index("Base.St") else 9) for at, name in enumerate(names)]
    lines = ["".join([padded(name, width) for name, width in zip(names, widths)])]
    row = dict(zip(HEAD.split(), USUAL))
    row.update(zip(names[-len(extra) :] if extra else (), extra))
    row.update([(name + ".Id", place) for name, place in PLACES])
    row.update(words)
    for number in range(1, rows + 1) if rows else there:
        said = dict(row, Power=str(number))
        if number in there:
            lines.append("".join([said[name] + " " * (width - len(said[name])) for name, width in zip(names, widths)]))
        else:  # in columns of the first layout
            absent = [str(number)] + ["Absent" if at == 8 else "-" for at in range(1, 16)]
            lines.append("".join([padded(word, 7 if at < 8 else 9) for at, word in enumerate(absent)]))
    return wrapped("pwr", lines, **more)


def pwr_of(pack=1, words=(), before=(), **more):
    """`pwr N`; `words`: {name: what it says instead, with a unit of its own or not, or None: not at all}; `before`:
    lines in front.
    """
    words = dict(words)
    lines = list(before) + [" ----------------------------", " Power  %d" % pack, ""]
    for name, value, unit in VALUES:
        value = words.pop(name, value)
        if value is not None:
            value, _, other = value.partition(" ")
            lines.append(" %s: %s%s" % (padded(name, 16), padded(value, 12), other or unit))
    for name, value in list(STATUS) + [one for one in words.items() if one[0] not in dict(STATUS)]:
        value = words.get(name, value)
        if value is not None:
            lines.append(" %s: %s" % (padded(name, 16), padded(value, 8)))
    lines.append(" Protect ENA     : BOV BHV BLV BUV POV PHV PLV PUV CBOT CBHT SC LCOUL ")
    return wrapped("pwr %d" % pack, lines + [" ----------------------------"], **more)


# layout of `bat` -> header, how the end of a row looks (SOC %, mAh)
BATS = (
    ("us5000", ("SOC", "Coulomb", "BAL"), "%d%%         %d mAH      %s"),
    ("old", ("Coulomb", "BAL"), "%3d%%      %5d mAH      %s"),
    ("percent", ("Coulomb", "BAL"), None),
    ("pytes", ("Coulomb",), None),
)


def bat(pack=1, layout="us5000", cells=CELLS, soc=83, charge=41500, states=None, balancing=(), **more):
    """`bat N`; `states`: {cell from 0: (Base State, Volt. State, Curr. State, Temp. State)}."""
    last, end = [row[1:] for row in BATS if row[0] == layout][0]
    names = ["Volt", "Curr", "Tempr", "Base State", "Volt. State", "Curr. State", "Temp. State"]
    widths = [9, 9, 9, 13, 13, 13, 13]
    if layout == "pytes":
        del names[1], widths[1]
    lines = [padded("Battery", 9) + "".join([padded(n, w) for n, w in zip(names, widths)])]
    lines[0] += "".join([padded(name, 13) for name in last])
    for number, volt in enumerate(cells):
        words = (str(volt), "-6300", str(22000 + 100 * (number // 4)))
        words += tuple((states or {}).get(number, ("Dischg", "Normal", "Normal", "Normal")))
        words = words if layout != "pytes" else words[:1] + words[2:]
        balance = "Y" if number in balancing else "N"
        tail = "%d%%          %s" % (soc, balance)
        if layout == "pytes":
            tail = " %3d%%      %d mAH" % (soc, charge + number)
        tail = end % (soc, charge + number, balance) if end else tail
        row = padded(str(number), 9) + "".join([padded(word, w) for word, w in zip(words, widths)])
        lines.append(row + tail)
    return wrapped("bat %d" % pack, lines, **more)


def info(pack=1, words=(), **more):
    words = dict(words)
    lines = ["Device address      : %d" % pack]
    lines += ["%s: %s" % (padded(name, 20), words.get(name, value)) for name, value in INFO]
    return wrapped("info %d" % pack, lines, **more)


def stat(pack=1, items=STAT, **more):
    lines = ["Device address           %d" % pack]
    lines += ["%s:%9s" % (padded(name, 16), value) for name, value in items]
    return wrapped("stat %d" % pack, lines, **more)


def rack(packs=2, layout="us2000c"):
    """{command: answer} of a whole rack."""
    answers = {"pwr": pwr(layout, tuple(range(1, packs + 1)))}
    for pack in range(1, packs + 1):
        for make, name in ((pwr_of, "pwr"), (bat, "bat"), (info, "info"), (stat, "stat")):
            answers["%s %d" % (name, pack)] = make(pack)
    return answers


class Uart:
    """Answers each command with what `answers` has for it: bytes, or a list of which one after the other is taken, the
    last again and again. `takes`: what a command has to end in; `each`: CR and LF both bring a prompt.
    """

    def __init__(self, answers, prompt=b"pylon>", takes=b"", each=False):
        self.answers, self.prompt, self._takes, self._each = answers, prompt, takes, each
        self.sent = []
        self.rates = []
        self.waiting = b""
        self.paged = 0  # characters after which the pager asks
        self._rest = b""

    def init(self, baudrate):
        self.rates.append(baudrate)
        self.waiting = b""

    def write(self, data):
        data = bytes(data)
        self.sent.append(data)
        if data == b"\r" and self._rest:
            self.waiting += b"\r" + b" " * 48 + b"\r" + self._rest
            self._rest = b""
        elif not data.strip():
            self.waiting += b"\r\n" + self.prompt
        elif data.endswith(self._takes):
            self._answer(data.decode().strip())

    def _answer(self, command):
        said = self.answers.get(command, b"")
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        if self.paged:
            end = said.rfind(b"\n", 0, self.paged) + 1
            said, self._rest = said[:end] + b"Press [Enter] to be continued,other key to exit", said[end:]
        self.waiting += said + (b"\n\r" + self.prompt if self._each else b"")

    def readinto(self, view):
        some, self.waiting = self.waiting[: len(view)], self.waiting[len(view) :]
        view[: len(some)] = some
        return len(some) or None


def console(answers=None, **more):
    """-> (a Console over `answers`, or over rack(…), the UART behind it)."""
    uart = Uart(rack(**more) if answers is None else answers)
    return Console(Line(uart, Clock())), uart


def refusal(command, *words):
    """An answer that ends without having been completed."""
    return wrapped(command, words, done=False)


def replaced(answer, *changes):
    """The answer with each (what it says, what it says instead)."""
    for old, new in changes:
        assert old in answer, old
        answer = answer.replace(old, new)
    return answer


def on(alarms):
    """The flags that are set, but for those of the current's direction, as a text."""
    return " ".join([key for key, is_set in alarms.flags if is_set and key not in ("Charging", "Discharging")])


def raised(error, function, *arguments):
    """The error, or classes of it, that a call raises."""
    try:
        function(*arguments)
    except error as it:
        return it
    raise AssertionError("nothing was raised")
