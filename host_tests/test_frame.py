"""frame.py: what is a frame, what is none, and how frames are cut out of a stream."""

import tracemalloc

import pytest
from plain_checks import checks_of


@pytest.fixture
def traced():
    """Lets the checks see how much memory is held."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@checks_of("codec_cases")
def test_codec(check):
    check()


@checks_of("reader_cases")
def test_reader(check, traced):
    check()
