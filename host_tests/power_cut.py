"""Runs on MicroPython: a board starts, and does what is next of an update, until its power is cut. Arguments: its
flash; the version that is offered to it, or "settings", which are changed; at which write or change of the flash the
power is cut, from 1 on (0: never); "lost" where what is open then is lost, else half a write stays. Prints the place
that starts. Exit status 9 after a cut, 0 when it starts anew or has nothing more to do.
"""

import hashlib
import os
import struct
import sys
from binascii import hexlify

CUT_STATUS = 9
KEY = b"a key of twenty byte"
PART_BYTES, PASSES_MAX = 250, 3000
PASS_MS = 40_000  # a battery so slow that the board asks for nothing for minutes


class Flash:
    """The file system `fs` whose power goes at the change number `left`."""

    def __init__(self, fs, left, lost):
        self.fs, self.left, self.lost, self.opened = fs, left, lost, []
        self.stat, self.statvfs, self.ilistdir, self.chdir = fs.stat, fs.statvfs, fs.ilistdir, fs.chdir
        self.remove = lambda path: (self.change(), fs.remove(path))
        self.rename = lambda old, new: (self.change(), fs.rename(old, new))
        self.mkdir = lambda path: (fs.mkdir(path), self.change())
        self.rmdir = lambda path: (fs.rmdir(path), self.change())

    def change(self):
        self.left -= 1
        if self.left == 0:
            for path in self.opened if self.lost else ():
                self.fs.open(path, "wb").close()
            sys.exit(CUT_STATUS)

    def open(self, path, mode):
        if "w" not in mode:
            return self.fs.open(path, mode)
        self.change()
        return Writer(self, path, mode)

    def mount(self, readonly, mkfs):
        pass


class Writer:
    def __init__(self, flash, path, mode):
        self.flash, self.path, self.file = flash, path, flash.fs.open(path, mode)
        flash.opened.append(path)

    def write(self, data):
        if self.flash.left == 1 and not self.flash.lost:
            self.file.write(data[: len(data) // 2])
        self.flash.change()
        return self.file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.flash.opened.remove(self.path)
        self.file.close()


class World:
    """All that an update knows of the rest of the firmware: it stands for Loop and what belongs to it."""

    update, offer, refused, key, searching, connected, last_error, now = None, None, 0, KEY, False, True, "", 0

    def __init__(self):
        self.poller = self.publisher = self
        self.said = []

    def publish(self, topic, payload, retain=False):
        if topic == "tele/update":
            self.said.append(payload)

    def send(self, name, payload):
        from firmware.update import build, offer

        self.update = self.update or offer.Offers(self, self, self)
        self.update.message(b"update/" + name, payload, False)
        if self.offer:
            self.update, self.offer = build.Build(self, self, self, *self.offer), None

    def restart(self):
        sys.exit(0)

    def note(self, *_):
        pass

    save = uptime_s = info = warning = error = note

    def ticks_ms(self):
        return self.now

    def ticks_diff(self, end, start):
        return end - start

    def cells(self, number):
        return 15


def signed(text):
    inner, outer = [bytes([byte ^ pad for byte in KEY + bytes(64 - len(KEY))]) for pad in (0x36, 0x5C)]
    return hexlify(hashlib.sha256(outer + hashlib.sha256(inner + text).digest()).digest()) + b" " + text


def update(world, new):
    """Offers the files of the directory `new`, and sends what is asked for; the first part of each comes wrong."""
    with open(f"{new}/0", "rb") as file:
        manifest = file.read()
    world.send(b"ask", b"me")
    world.update.tend()
    nonce = world.said.pop().split(b'"nonce":"')[1][:32]
    sha, mpy = hexlify(hashlib.sha256(manifest).digest()), sys.implementation._mpy & 0xFF
    world.send(b"offer", signed(b"%s 2 %d %d %s -" % (nonce, mpy, len(manifest), sha)))
    sent = set()
    for _ in range(PASSES_MAX):
        world.now += PASS_MS
        world.update.tend()
        for said in world.said:
            if said != b'{"busy":true}':
                number, at = [int(word.split(b":")[1]) for word in said[1:-1].split(b",")]
                with open(f"{new}/{number}", "rb") as file:
                    file.seek(at)
                    part = file.read(PART_BYTES) if number in sent else b"?"
                sent.add(number)
                world.send(b"data", struct.pack(">HI", number, at) + part)
        world.said = []


def main(flash, new, cut, lost):
    fs = os.VfsPosix(flash)
    os.umount("/")
    os.mount(Flash(fs, int(cut), lost == "lost"), "/")
    os.chdir("/")
    sys.path[:] = ["", ".frozen"]
    import place

    place.choose()
    on_trial = place.start()
    print("b" if "/b" in sys.path else "a")
    words, world = place.read(), World()
    if new == "settings":
        from firmware import config

        config.print = world.note
        config.set(mqtt_host="new", publish_rate=7)
    elif on_trial:
        from firmware.update.trial import Trial

        Trial(world, world, world, world, world, words).tend()
    elif words[1:2] == [b"refused"]:
        from firmware.update.trial import given_up

        given_up(world)
    else:
        os.mount(os.VfsPosix(new), "/new", readonly=True)
        update(world, "/new")


if __name__ == "__main__":
    main(*sys.argv[1:])
