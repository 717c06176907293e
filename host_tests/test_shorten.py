"""tools/shorten.py: what was shortened does the same."""

from __future__ import annotations

import pytest

from tools.shorten import keywords, shorten

SOURCE = """
def outer(first, second=2, *rest, named=3):
    def inner(second, third):
        return first, second, third, [first for first in rest]
    return inner(second, named), (lambda first, more=named: (first, more))(second)
_kept = [outer("…°", 5, 6, 7, named=8), outer(1)]
result = _kept + ["first", outer.__name__]
"""


def run(source):
    names = {}
    exec(source, names)
    return names["result"]


@pytest.mark.parametrize("keep", [None, keywords([SOURCE])])
def test_a_shortened_module_does_the_same(keep):
    assert run(shorten(SOURCE, keep)) == run(SOURCE)


def test_parameters_and_private_names_are_short_those_given_by_name_stay():
    short = shorten(SOURCE, keywords([SOURCE]))
    assert "_kept" not in short and "third" not in short and "second" not in short
    assert "named=8" in short and '"first"' in short
