"""The whole way, on MicroPython in 80 KB of heap: what the simulated battery was told is what the broker gets."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from system_helpers import Way, fed, now, parsed

from tools import truth

ALL_S = 120  # until 16 packs were asked everything


def tell(sim, packs, wide):
    """Fixes every value of every pack, each another, and switches alarms on -> {pack: what it was told}."""
    for pack in range(1, packs + 1):
        capacity = 74000 + 1000 * pack if wide else 50000
        sim.set(
            pack,
            cells=[3250 + 7 * pack + (13 * cell) % 41 for cell in range(15)],
            temperatures=[-35 + 40 * pack, 201, 200 + pack, 187, 199],
            current=(-1) ** pack * 300 * pack,
            remaining=capacity * (20 + 4 * pack) // 100 + 7,
            capacity=capacity,
            cycles=100 + pack,
        )
    sim.alarm(1, "cell_over_voltage", cell=3)
    sim.alarm(2, "cell_fault", cell=9)
    sim.alarm(2, "pack_under_voltage_protection")
    sim.alarm(packs, "over_temperature", sensor=2)
    return {pack: sim.snapshot(pack) for pack in range(1, packs + 1)}


@pytest.mark.parametrize(("packs", "wide"), [(2, False), pytest.param(16, True, marks=pytest.mark.slow)])
def test_every_number_is_what_the_battery_was_told(board, broker, mqtt_client, packs, wide):
    """With all that Home Assistant is told, too."""
    with Way(board, broker, mqtt_client, packs=packs, wide=wide, capacity=90000 if wide else None,
             settings={"discovery": True}) as it:  # fmt: skip
        told = tell(it.sim, packs, wide)
        it.start()
        for pack in range(1, packs + 1):
            for name in ("stat/info/Pack", "stat/limits/Pack"):
                it.wait(f"{name}{pack}", ALL_S)
        it.wait("stat/parameters", ALL_S)
        it.wait("stat/readings/Rack", since=now(), count=3)
        status = it.stop()
    check_readings(it, told)
    check_rack(it, told)
    assert it.wrong_details() == []
    home_assistant, states = fed(it)
    assert len(home_assistant.devices) == packs + 1 and len(states) > 35 * packs
    assert it.complaints() == [] and it.board.resets == [] and status == 0
    assert it.sim.baud == 4800 and it.sim.forbidden == []
    assert [m.payload for m in it.heard("tele/LWT")] == [b"Online", b"Offline"]


def check_readings(it, told):
    """Every reading of every pack, key by key."""
    for pack, values in told.items():
        readings = it.said(f"stat/readings/Pack{pack}")
        assert len(readings) >= 3
        for reading in readings:
            assert truth.published_analog(reading) == truth.analog(values)
            assert truth.published_alarm(reading) == truth.alarm(values["alarm"], len(values["cells"]))
            assert ("ProblemText", "OK") not in reading.items() or not (reading["Problem"] or reading["Warning"])
        charged = [reading["ChargedEnergy"] for reading in readings]
        discharged = [reading["DischargedEnergy"] for reading in readings]
        counts, rests = (charged, discharged) if values["current"] > 0 else (discharged, charged)
        assert counts == sorted(counts) and set(rests) == {0}
    assert it.judged().wrong == []


def check_rack(it, told):
    """The totals, from what the packs were told."""
    packs = {pack: truth.analog(values) for pack, values in told.items()}

    def total(key):
        return sum(said[key] for said in packs.values())

    low, low_at = min((said["CellMin"], pack) for pack, said in packs.items())
    high, high_at = min((-said["CellMax"], pack) for pack, said in packs.items())
    temperatures = [value / Decimal(10) for values in told.values() for value in values["temperatures"]]
    expected = {
        "Packs": len(told), "PacksExpected": len(told), "PackVoltage": half_up(total("PackVoltage") / len(told), 3),
        "PackCurrent": total("PackCurrent"), "Power": total("Power"),
        "SOC": half_up(100 * total("RemainingCapacity") / total("FullCapacity"), 1),
        "RemainingCapacity": total("RemainingCapacity"), "FullCapacity": total("FullCapacity"),
        "CellMin": low, "CellMinAt": f"Pack {low_at} cell {packs[low_at]['CellMinNumber']}",
        "CellMax": -high, "CellMaxAt": f"Pack {high_at} cell {packs[high_at]['CellMaxNumber']}",
        "CellDelta": -high - low, "TempMin": min(temperatures), "TempMax": max(temperatures),
        "Problem": True, "Warning": True, "StoredEnergy": half_up(48 * total("RemainingCapacity") / 1000, 3),
    }  # fmt: skip
    current = total("PackCurrent")
    if current >= 1:
        missing = total("FullCapacity") - total("RemainingCapacity")
        expected["TimeToFull"] = half_up(60 * missing / current, 0)
    for said in it.said("stat/readings/Rack"):
        assert said.items() >= expected.items()
        assert said.keys() - expected.keys() == {"ChargedEnergy", "DischargedEnergy", "BatteryState", "ProblemText"}
        assert said["BatteryState"] == ("charging" if current > 0 else "discharging")
        assert said["ProblemText"].startswith(
            "Pack 2: Pack under-voltage protection; Cell 9 fault; Pack 1: Cell 3 over-voltage; ")  # fmt: skip


def half_up(value, digits):
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@pytest.mark.slow
def test_after_a_reset_it_goes_on_where_it_was_and_after_a_power_cut_anew(board, broker, mqtt_client):
    """Energy, and the rate at which the battery was found; the broker says each time that the board has gone."""
    with Way(board, broker, mqtt_client, packs=1) as it:
        it.sim.set(1, current=200_000, remaining=20_000)  # 10 kW: 3 Wh a second
        it.start()
        before = charged(it.wait("stat/readings/Pack1", count=5))
        deaf = it.sim.counts["deaf"]
        assert deaf > 0 and it.sim.baud == 4800  # it began at 1200
        it.board.kill()
        it.wait("tele/LWT", count=2)
        it.board.start()
        after = charged(it.wait("stat/readings/Pack1", since=now()))
        assert after >= before > 0
        heard = [charged(message) for message in it.heard("stat/readings/Pack1")]
        assert heard == sorted(heard)
        it.board.power_cut()
        it.wait("tele/LWT", count=4)
        it.board.start()
        assert charged(it.wait("stat/readings/Pack1", since=now())) < before
        assert it.sim.counts["deaf"] == deaf and it.stop() == 0 and it.complaints() == []
        assert [m.payload for m in it.heard("tele/LWT")] == [b"Online", b"Offline"] * 3
        assert it.judged().wrong == []


def charged(message):
    return parsed(message.payload)["ChargedEnergy"]
