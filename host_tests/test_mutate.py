"""The tool that changes the firmware to see whether a test notices."""

from __future__ import annotations

import pytest

from tools import mutate

CHANGES = {
    "a < b": ["a <= b"],
    "a is not b": ["a is b"],
    "a not in b": ["a in b"],
    "(a +\n 1)": ["(a -\n 1)", "(a +\n 2)"],
    "a or b or c": ["a and b or c", "a or b and c"],
    "not a": ["a"],
    "a = True": ["a = False"],
    "a -= b": ["a += b"],
    "a << 8 & b": ["a >> 8 & b", "a << 9 & b", "a << 8 | b"],
    "'ä'; a == b": ["'ä'; a != b"],
    "'%d' % a": [],
    "f(*a, b=c)": [],
}


@pytest.mark.parametrize(("source", "changed"), CHANGES.items())
def test_changes(source, changed):
    data = source.encode()
    found = [data[: one.start] + one.new + data[one.end :] for one in mutate.mutants(data)]
    assert [text.decode() for text in found] == changed


def test_all_files_and_tests_that_are_named_are_there():
    project = mutate.environment.PROJECT
    paths = [project / mutate.FIRMWARE / name for name in mutate.MODULES]
    paths += [project / mutate.TESTS / name for names in mutate.MODULES.values() for name in names]
    assert [path for path in paths if not path.exists()] == []


def test_what_is_noticed_and_what_is_not(tmp_path, monkeypatch, capsys):
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "a.py").write_text("def f(n):\n    return n < 5\n")
    monkeypatch.setattr(mutate, "MODULES", {"a.py": ("test_a.py",)})
    # As tests would that ask for 5 and for nothing else: < becoming <= shows, 5 becoming 6 does not.
    monkeypatch.setattr(mutate, "run_tests", lambda copy, tests, timeout_s: b"<=" in (
        tmp_path / "firmware" / "a.py").read_bytes())  # fmt: skip
    assert mutate.mutate(tmp_path, "a.py", 0, "1") == (1, 2)
    assert "a.py:2: 5 -> 6" in capsys.readouterr().out
    assert (tmp_path / "firmware" / "a.py").read_text() == "def f(n):\n    return n < 5\n"
