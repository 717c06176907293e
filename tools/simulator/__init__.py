"""A simulated Pylontech group on a pty, with an encoder of its own (it never imports the firmware)."""

from .simulator import Simulator as Simulator
