"""The whole way, on MicroPython in an ESP32's heap: what the simulated battery was told is what the broker gets."""

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
            pack, cells=[3250 + 7 * pack + (13 * cell) % 41 for cell in range(15)], capacity=capacity,
            temperatures=[-35 + 40 * pack, 201, 200 + pack, 187, 199], current=(-1) ** pack * 300 * pack,
            remaining=capacity * (20 + 4 * pack) // 100 + 7, cycles=100 + pack,
        )  # fmt: skip
    sim.set(1, cell_states={3: 2})
    sim.set(2, status={1: 0x80, 5: 0x01})  # protection from pack under-voltage; cell 9 is faulty
    sim.set(packs, temperature_states={2: 2})
    return {pack: sim.snapshot(pack) for pack in range(1, packs + 1)}


@pytest.mark.parametrize(("packs", "wide"), [(2, False), pytest.param(16, True, marks=pytest.mark.slow)])
def test_every_number_is_what_the_battery_was_told(board, broker, mqtt_client, packs, wide):
    with Way(board, broker, mqtt_client, packs=packs, wide=wide, settings={"discovery": True}) as it:
        told = tell(it.sim, packs, wide)
        it.start()
        for pack in range(1, packs + 1):
            for name in ("stat/info/Pack", "stat/limits/Pack"):
                it.wait(f"{name}{pack}", ALL_S)
        it.wait("stat/parameters", ALL_S)
        it.wait("stat/readings/Rack", since=now(), count=3)
        assert it.stop() == 0
    for pack, values in told.items():
        readings = it.said(f"stat/readings/Pack{pack}")
        assert len(readings) >= 3 and {reading["CycleCount"] for reading in readings} == {100 + pack}
        up, down = [[reading[key] for reading in readings] for key in ("ChargedEnergy", "DischargedEnergy")]
        counts, rests = (up, down) if values["current"] > 0 else (down, up)
        assert counts == sorted(counts) and set(rests) == {0}
    assert it.judged().wrong == [] and it.wrong_details() == []
    check_rack(it, told)
    found = f"info: found: framed at 4800 baud, packs {', '.join(map(str, told))}; broker {broker.host}; "
    assert len([line for line in it.board.lines if line.startswith(found)]) == 1
    home_assistant, states = fed(it)
    assert len(home_assistant.devices) == packs + 1 and len(states) > 35 * packs
    assert it.complaints() == [] and it.board.resets == [] and it.sim.baud == 4800 and it.sim.forbidden == []
    assert [m.payload for m in it.heard("tele/LWT")] == [b"Online", b"Offline"]


def check_rack(it, told):
    """The totals, from what the packs were told."""
    packs = {pack: truth.analog(values) for pack, values in told.items()}

    def total(key):
        return sum(said[key] for said in packs.values())

    low, low_at = min((said["CellMin"], pack) for pack, said in packs.items())
    high, high_at = min((-said["CellMax"], pack) for pack, said in packs.items())
    temperatures = [value / Decimal(10) for values in told.values() for value in values["temperatures"]]
    current, remaining, full = total("PackCurrent"), total("RemainingCapacity"), total("FullCapacity")
    expected = {
        "Packs": len(told), "PacksExpected": len(told), "PackVoltage": half_up(total("PackVoltage") / len(told), 3),
        "PackCurrent": current, "Power": total("Power"), "SOC": half_up(100 * remaining / full, 1),
        "RemainingCapacity": remaining, "FullCapacity": full, "StoredEnergy": half_up(48 * remaining / 1000, 3),
        "CellMin": low, "CellMinAt": f"Pack {low_at} cell {packs[low_at]['CellMinNumber']}",
        "CellMax": -high, "CellMaxAt": f"Pack {high_at} cell {packs[high_at]['CellMaxNumber']}",
        "CellDelta": -high - low, "TempMin": min(temperatures), "TempMax": max(temperatures),
        "Problem": True, "Warning": True, "BatteryState": "charging" if current > 0 else "discharging",
    }  # fmt: skip
    if current >= 1:
        expected["TimeToFull"] = half_up(60 * (full - remaining) / current, 0)
    for said in it.said("stat/readings/Rack"):
        assert said.items() >= expected.items()
        assert said.keys() - expected.keys() == {"ChargedEnergy", "DischargedEnergy", "ProblemText"}
        assert said["ProblemText"].startswith(
            "Pack 2: Pack under-voltage protection; Cell 9 fault; Pack 1: Cell 3 over-voltage; ")  # fmt: skip


def half_up(value, digits):
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


@pytest.mark.slow
def test_after_a_reset_it_goes_on_where_it_was_and_after_a_power_cut_anew(board, broker, mqtt_client):
    """Energy, and the rate at which the battery was found; the broker says each time that the board has gone."""
    with Way(board, broker, mqtt_client, packs=1) as it:
        it.sim.set(1, current=200_000, remaining=20_000)  # 10 kW: 3 Wh a second
        it.start().wait("stat/readings/Pack1", count=5)
        before = charged(it)[-1]
        deaf = it.sim.counts["deaf"]
        assert deaf > 0 and it.sim.baud == 4800  # it began at 1200
        it.board.kill()
        it.wait("tele/LWT", count=2)
        it.board.start()
        it.wait("stat/readings/Pack1", since=now())
        heard = charged(it)
        assert heard == sorted(heard) and heard[-1] >= before > 0
        it.board.power_cut()
        it.wait("tele/LWT", count=4)
        it.board.start()
        it.wait("stat/readings/Pack1", since=now())
        assert charged(it)[-1] < before
        assert it.sim.counts["deaf"] == deaf and it.stop() == 0 and it.complaints() == []
        assert [m.payload for m in it.heard("tele/LWT")] == [b"Online", b"Offline"] * 3
        assert it.judged().wrong == []


def charged(it):
    return [parsed(message.payload)["ChargedEnergy"] for message in it.heard("stat/readings/Pack1")]
