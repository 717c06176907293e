"""The status LED: one of four patterns of two seconds, told apart from across a room."""

_SLICE = 7  # a pattern is 16 slices of 2^7 ms; 2^11 ms divide the ticks' range, so it goes on smoothly when they wrap
_STEP_MS = 20  # it is looked at that often while somebody sleeps
# from the last slice (left) to the first (right), in the order of what is to be put right first
NO_WIFI = 0b0101010101010101  # flickers
NO_BROKER = 0b0000000000000101  # two flashes
NO_BATTERY = 0b0000000011111111  # slowly on and off
WELL = 0b0000000000000001  # one flash


class Led:
    """A clock like `time` that blinks while somebody sleeps: all waits of the firmware go through it.

    `pin` is called with 1 or 0; `low`: 0 switches the LED on. `state()` gives (Wi-Fi, broker, battery) as show() takes
    them.
    """

    def __init__(self, pin, low, clock):
        self.ticks_ms, self.ticks_diff, self.ticks_add = clock.ticks_ms, clock.ticks_diff, clock.ticks_add
        self._sleep = clock.sleep_ms
        self._pin = pin
        self._low = 1 if low else 0
        self._pattern = NO_WIFI
        self._level = self.state = None

    def sleep_ms(self, ms):
        """As time.sleep_ms(); meanwhile the LED blinks."""
        if self.state:
            self.show(*self.state())
        while ms > 0:
            self._sleep(min(ms, _STEP_MS))
            ms -= _STEP_MS
            self._blink()

    def show(self, wifi, broker, battery):
        """What is there, True or False: Wi-Fi, broker, and does the battery answer."""
        connected = (WELL if battery else NO_BATTERY) if broker else NO_BROKER
        self._pattern = connected if wifi else NO_WIFI
        self._blink()

    def _blink(self):
        at = self.ticks_ms() >> _SLICE & 15
        level = (self._pattern >> at & 1) ^ self._low
        if level != self._level:
            self._level = level
            self._pin(level)
