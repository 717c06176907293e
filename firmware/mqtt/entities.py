"""Reads entities.txt row by row."""

from micropython import const

_PATH = __file__[: __file__.rfind("/") + 1] + "entities.txt"
_COMMENT = const(35)  # "#"
_CHUNK_BYTES = const(32)  # smaller reads from flash are slow, larger ones need memory in one piece


def table():
    """Yields the lines of entities.txt as (first word, rest), both bytes."""
    with open(_PATH, "rb") as file:
        rest = b""
        while chunk := file.read(_CHUNK_BYTES):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[0] != _COMMENT:
                    yield line.split(b" ", 1)
