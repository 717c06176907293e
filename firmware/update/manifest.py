"""The manifest of an update, a file with a line for each file: SHA-256 in hex, size, name."""

import os

from micropython import const

from . import files

_FILE_MAX = const(65_536)
_SPARE_BYTES = const(16_384)
_DIRECTORY = const(0x4000)
_SUM_DIGITS = const(64)
_NAME = b"abcdefghijklmnopqrstuvwxyz0123456789_"
_ENDS = (b".mpy", b".txt")


def check(path, root):
    """A generator: one line a step -> count of files. ValueError, with a text: a name or a size cannot be, or there is
    not space enough to build it. `path` of the manifest, `root` of the place.
    """
    free = files.free() - _SPARE_BYTES
    count = 0
    with open(path, "rb") as lines:
        for line in lines:
            size, name = _checked(line)
            try:
                free += files.blocks(os.stat(root + name.decode())[6])
            except OSError:
                pass  # it is new
            free -= files.blocks(size)
            count += 1
            yield
    if free < 0:
        raise ValueError("no space: %d KB more must be free" % ((1023 - free) // 1024))
    return count


def remove_others(path, root):
    """A generator: removes what the manifest does not name, and could hide a module of it, one file a step; then
    directories that are empty."""
    for found in files.walk(root + "firmware"):
        name = b" %s\n" % found[len(root) :].encode()
        with open(path, "rb") as lines:
            known = found == path or [1 for line in lines if line.endswith(name)]
        if not known:
            os.remove(found)
        yield
    _remove_empty(root + "firmware")


def _remove_empty(directory):
    """An empty directory would hide the module of its name."""
    for entry in list(os.ilistdir(directory)):
        if entry[1] & _DIRECTORY:
            path = directory + "/" + entry[0]
            _remove_empty(path)
            try:
                os.rmdir(path)
            except OSError:
                pass  # it is not empty


def _checked(line):
    words = line.split(b" ")
    if len(words) != 3 or len(words[0]) != _SUM_DIGITS or not words[1].isdigit() or line[-1:] != b"\n":
        raise ValueError("its manifest cannot be read")
    size, name = int(words[1]), words[2][:-1]
    parts = name[:-4].split(b"/")
    good = parts[0] == b"firmware" and len(parts) > 1 and name[-4:] in _ENDS and size <= _FILE_MAX
    for part in parts:
        good = good and part and not [byte for byte in part if byte not in _NAME]
    if not good:
        raise ValueError("it names what is no file of the firmware")
    return size, name
