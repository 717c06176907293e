# main.py of a virtual board that counts the bytes which a cycle of the firmware allocates.
# What is counted is the firmware's own: UART and socket of this board take no memory then, as the ESP32's do not.
import gc
import socket
import time

import machine

SETTLE_MS = 5000  # until all slow questions are answered and all is announced
ROUND_MS = 10
CYCLES = 5
DEPLOYED = "deployed.py"  # the main.py that a board gets: it builds the house
REPLIES = "replies.txt"  # CID2 in hex and the line of the reply to it


class Uart:
    """Answers at once."""

    def __init__(self, *_, **settings):
        with open(REPLIES) as file:
            pairs = [row.split() for row in file]
        self._replies = {(ord(cid2[0]), ord(cid2[1])): reply.encode() + b"\r" for cid2, reply in pairs}
        self._analog, self._alarm = self._replies[(52, 50)], self._replies[(52, 52)]
        self._reply = b""
        self._at = 0

    def init(self, **settings):
        pass

    def write(self, question):
        self._at = 0
        if question[7] == 52 and question[8] == 50:  # 42H and 44H, without a new object
            self._reply = self._analog
        elif question[7] == 52 and question[8] == 52:
            self._reply = self._alarm
        else:
            self._reply = self._replies[(question[7], question[8])]

    def readinto(self, view):
        reply = self._reply
        at = self._at
        count = min(len(reply) - at, len(view))
        for index in range(count):
            view[index] = reply[at + index]
        self._at = at + count
        return count or None


class Socket(socket.socket):
    """To the broker, until `deaf`: then it takes all and hears nothing."""

    deaf = False

    def write(self, data):
        return len(data) if Socket.deaf else super().write(data)

    def read(self, size):
        return None if Socket.deaf else super().read(size)


class Sink:
    """Between poller and publisher: counts what publishing takes."""

    def __init__(self, sink):
        self.sink = sink
        self.published = 0

    def reading(self, *said):
        before = gc.mem_alloc()
        self.sink.reading(*said)
        self.published += gc.mem_alloc() - before

    def cycle(self, *said):
        before = gc.mem_alloc()
        self.sink.cycle(*said)
        self.published += gc.mem_alloc() - before


def settle(loop):
    began = time.ticks_ms()
    while loop.poller.slow or time.ticks_diff(time.ticks_ms(), began) < SETTLE_MS:
        loop.session.tend(loop.wifi.tend())
        loop.poller.step()
        loop.publisher.tend()
        time.sleep_ms(ROUND_MS)
    while loop.poller.step() == 0:  # the rest of a cycle that has begun
        pass


def cycle(loop):
    loop.poller.due = time.ticks_ms()
    loop.poller.cycle_ms = None
    while loop.poller.cycle_ms is None:
        loop.session.tend()
        loop.poller.step()
        loop.publisher.tend()


def count(loop, feed):
    """Takes the place of Loop.run()."""
    settle(loop)
    loop.poller.sink = sink = Sink(loop.poller.sink)
    Socket.deaf = True
    for _ in range(CYCLES):
        sink.published = 0
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        cycle(loop)
        after = gc.mem_alloc()
        gc.enable()
        print("bench:", after - before, sink.published)
    print("bench: implausible", loop.poller.implausible, "drops", loop.session.drops)


def prepare():
    from firmware.loop import Loop

    machine.UART = Uart
    socket.socket = Socket
    Loop.run = count


prepare()
execfile(DEPLOYED)  # noqa: F821
