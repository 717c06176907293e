"""`os` as on the ESP32, for who asks the REPL what board this is. Runs on MicroPython.

Settings of the runner: RELEASE and CHIP are what uname() says, FREE is the free space in bytes that statvfs() says.
"""

from collections import namedtuple

import _host
from uos import *  # noqa: F403
from uos import rename as _rename
from uos import statvfs as _statvfs

_BLOCK = 4096
_BLOCKS = 512
_Names = namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))


def uname():
    """-> (sysname, nodename, release, version, machine), as official firmware says it: every ESP32 is esp32."""
    release = _host.setting("RELEASE", "1.28.0")
    chip = _host.setting("CHIP", "esp32")
    name, kind = chip[:5], chip.upper()
    return _Names(name, name, release, "v" + release, "Virtual " + kind + " module with " + kind)


def statvfs(path):
    """A flash of 2 MB; a full disk of the PC shows through."""
    free = int(_host.setting("FREE", "0")) // _BLOCK or min(_BLOCKS, _statvfs(path)[3])
    return _BLOCK, _BLOCK, _BLOCKS, free, free, 0, 0, 0, 0, 255


def rename(old, new):
    """At the root, where the REPL is; the unix port's file system mixes absolute paths up."""
    _rename(old.lstrip("/"), new.lstrip("/"))
