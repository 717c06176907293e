"""Frames as text, and decode.py in this process."""

from codec_cases import ANALOG, characters, made

from tools import decode


def run(capsys, *arguments):
    """-> exit status, stdout, stderr of decode.py in this process."""
    try:
        status = decode.main(list(arguments))
    except SystemExit as error:  # argparse
        status = error.code
    out = capsys.readouterr()
    return status, out.out, out.err


def text_of(line):
    """A line as decode.py takes it: without its CR."""
    return line.rstrip(b"\r").decode("latin-1")


def reply(info, code=0):
    return text_of(made(characters(info), head=b"200146%02X" % code))


VECTOR = text_of(ANALOG)
