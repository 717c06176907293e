"""The packs behind one console port: who is there, who is reachable, and the load they share."""

from .model import EMPTY_PERMILLE, Pack

MAX_PACKS = 16  # §2.8
REST_S = 60  # between charge and discharge


class Group:
    """`packs` packs, numbered from 1 in the order of `self.packs`. `start`: the time of the clock (s) at which it
    begins. More options are those of model.Pack.
    """

    def __init__(self, packs, seed, start=0.0, **pack_options):
        self.packs = []
        self._seed, self._options = seed, pack_options
        self._start, self._seconds = start, 0
        self._load, self._direction, self._rest = 0, 1, 0
        for _ in range(packs):
            self.add()

    def add(self):
        """One more pack at the end. ValueError beyond 16."""
        if len(self.packs) == MAX_PACKS:
            raise ValueError(f"a group holds up to {MAX_PACKS} packs")
        self.packs.append(Pack(self._seed, len(self.packs), **self._options))

    def pack(self, number):
        """The pack with this number, from 1; KeyError when the group has none."""
        if not 1 <= number <= len(self.packs):
            raise KeyError(f"no pack {number!r} in a group of {len(self.packs)}")
        return self.packs[number - 1]

    def there(self):
        """Numbers of the packs that the master reaches."""
        return [number for number, pack in enumerate(self.packs, 1) if not pack.missing]

    def advance(self, now):
        """Brings all packs to the time `now` (s of the clock)."""
        due = int(now - self._start)
        while self._seconds < due:
            self._seconds += 1
            self._turn()
            for pack in self.packs:
                pack.step(self._load)

    def _turn(self):
        """The load of this second: charge until all are full, rest, discharge until one is low, rest, and again."""
        if self._rest:
            self._rest -= 1
            return
        full = self._direction > 0 and all(pack.full for pack in self.packs)
        low = self._direction < 0 and any(pack.permille <= EMPTY_PERMILLE for pack in self.packs)
        if full or low:
            self._direction, self._load, self._rest = -self._direction, 0, REST_S
        else:
            capacity = self.packs[0].capacity if self.packs else 0
            self._load = self._direction * (capacity // 400 * 100)
