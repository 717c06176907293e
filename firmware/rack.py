"""The rack as a whole: sums and extremes over the packs of one cycle. What follows from them is in totals.py."""

from . import reading as r
from .overlay import drop


class Rack:
    """Takes the readings of a cycle one by one, and sums them up at its end."""

    def __init__(self, clock):
        self.clock = clock
        self.buckets = []  # of current: [ticks of its begin, sum in mA, count]
        self.missing = {}  # pack -> ticks since when; None: for more than a minute
        self.group = self.packs = ()  # as the battery counts it now; and with those that it counted before
        self.begin()

    def begin(self):
        """A new cycle."""
        self.values = {}
        self.states = set()
        self.texts = []
        self.voltage = 0

    def add(self, reading, extra=None):
        """Counts one pack in; `extra`: console.Extra, or None."""
        values = self.values
        self.voltage += reading.voltage
        for key, value in (
            ("Packs", 1),
            ("PackCurrent", reading.current),
            ("Power", r.power(reading.voltage, reading.current)),
            ("RemainingCapacity", reading.remaining),
            ("FullCapacity", reading.capacity),
        ):
            values[key] = values.get(key, 0) + value
        low, low_at, high, high_at = r.extremes(reading.cells)
        if low < values.get("CellMin", low + 1):
            values["CellMin"], values["CellMinAt"] = low, "Pack %d cell %d" % (reading.pack, low_at)
        if high > values.get("CellMax", high - 1):
            values["CellMax"], values["CellMaxAt"] = high, "Pack %d cell %d" % (reading.pack, high_at)
        for temperature in (extra or reading).temperatures:
            values["TempMin"] = min(temperature, values.get("TempMin", temperature))
            values["TempMax"] = max(temperature, values.get("TempMax", temperature))
        self.states.add(r.battery_state(reading, extra))
        if reading.alarms is not None:
            self._alarms(reading.pack, *r.health(reading.alarms, extra))

    def _alarms(self, pack, problem, warning, text):
        values = self.values
        values["Problem"] = problem or values.get("Problem", False)
        values["Warning"] = warning or values.get("Warning", False)
        if text != r.OK:
            self.texts.append("Pack %d: %s" % (pack, text))

    def expect(self, packs):
        """The group is these now. Who has left is missed, until the board starts anew."""
        self.group = packs
        self.packs = sorted(set(self.packs) | set(packs))

    def cycle(self, missed):
        """The end of a cycle, with the packs that were missed in it, or None: it was cut short -> totals.totals()."""
        from .totals import totals

        drop("firmware.totals")
        return totals(self, missed)
