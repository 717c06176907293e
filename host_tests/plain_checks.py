"""Runs under pytest, one by one, the checks that need no pytest and so run on MicroPython too."""

import importlib

import pytest


def checks_of(module):
    """Decorator: the test is run with each function check_… of the module named `module`."""
    pytest.register_assert_rewrite(module)
    loaded = importlib.import_module(module)
    checks = [value for name, value in vars(loaded).items() if name.startswith("check_")]
    return pytest.mark.parametrize("check", checks, ids=[check.__name__ for check in checks])
