"""What is published of a battery that speaks text. Runs on CPython and on MicroPython."""
# ruff: noqa: UP031, SIM905 - of MicroPython

from fakes import Clock, made_alarms, made_reading
from payload_cases import pack_text

from firmware.rack import Rack
from firmware.reading import Extra, summarize

CALM = made_alarms(keys=("Charging", "Heater", "Other"), temperatures=bytes(1))
ODD = made_alarms(on=("Other", "Cell_OV"), cells=b"\0\0\2" + bytes(12))
CELLS = "3.303 3.302 3.302 3.303 3.302 3.302 3.301 3.303 3.302 3.303 3.302 3.303 3.306 3.302 3.303".split()
# fields of the extra, of the reading; what is in the payload, or not
CASES = (
    ({"mos": None}, {}, "MOS_T", False), ({"balancing": None}, {}, "Balancing_Cells", False),
    ({"events": ""}, {}, "Events", False), ({"events": None}, {}, "Events", False),
    ({"events": "COC; OTP"}, {}, '"BaseState":"Dischg","Events":"COC; OTP",', True),
    ({"balancing": ()}, {}, '"Balancing_Cells":[]', True), ({}, {"soh": None}, "SOH", False),
    ({}, {"cycles": None}, "CycleCount", False), ({"soc": 0}, {}, '"SOC":0.0,', True),
    ({"soc": 7}, {}, '"SOC":7.0,', True), ({"soc": 100}, {}, '"SOC":100.0,', True),
    ({"base": "Raw", "state": "sleeping"}, {}, '"BatteryState":"sleeping","BaseState":"Raw"', True),
    ({"words": ("Volt Status Odd", "System Fault 0x40")}, {"alarms": ODD}, '"Problem":true,"Warning":true,'
     '"ProblemText":"Volt Status Odd; System Fault 0x40; Cell 3 over-voltage"', True),
)  # fmt: skip


def extra_of(mos=288, soc=83, base="Dischg", state="discharging", balancing=(3, 15), words=(), events=None):
    return Extra((220,) * 8 + (231,) * 7, mos, soc, base, state, balancing, words, events)


def said(extra, **fields):
    """The payload of a usual reading with this extra."""
    fields = dict(dict(temperatures=(235,), soh=98, alarms=CALM), **fields)
    return pack_text(made_reading(extra=extra, **fields), 1234000, 871499)


def check_a_reading():
    made = ['"Cell_%d":{"Reading":%s,"State":0,"Temp":%s}' % (number, volts, "22.0" if number < 9 else "23.1")
            for number, volts in enumerate(CELLS, 1)]  # fmt: skip
    assert said(extra_of()) == (
        '{"Cells":{' + ",".join(made) + '},"Temps":{"BMS_T":{"Reading":23.5,"State":0},"MOS_T":{"Reading":28.8}},'
        '"PackCurrent":{"Reading":-6.3,"State":0},"PackVoltage":{"Reading":49.539,"State":0},'
        '"RemainingCapacity":41.442,"FullCapacity":50.0,"StoredEnergy":1.989,"CycleCount":31,"SOC":83.0,"SOH":98,'
        '"Power":-312.1,"CellMin":3.301,"CellMinNumber":7,"CellMax":3.306,"CellMaxNumber":13,"CellDelta":0.005,'
        '"TempMin":22.0,"TempMax":23.1,"ChargedEnergy":1.234,"DischargedEnergy":0.871,"BatteryState":"discharging",'
        '"BaseState":"Dischg","Problem":false,"Warning":false,"ProblemText":"OK","Balancing_Cells":[3,15],'
        '"Protect_Status":{},"System_Status":{"Charging":false,"Heater":false},"Fault_Status":{},'
        '"Alarm_Status":{"Other":false}}'
    )
    for of_extra, fields, text, there in CASES:
        assert (text in said(extra_of(**of_extra), **fields)) == there, text


def check_the_rack():
    rack = Rack(Clock())
    odd = extra_of(words=("Status Odd",), state="balancing")
    for one in (
        made_reading(pack=1, current=20000, temperatures=(400,), alarms=made_alarms(on=("Other",)), extra=odd),
        made_reading(pack=2, temperatures=(-100,), alarms=made_alarms(), extra=extra_of(state="balancing")),
    ):
        rack.add(one, summarize(one))
    totals = rack.cycle([])
    assert (totals["TempMin"], totals["TempMax"]) == (220, 231)
    assert totals["BatteryState"] == "balancing" and totals["ProblemText"] == "Pack 1: Status Odd"
    assert totals["Problem"] is True
    # two packs that hold 41.442 Ah and are at 83 %: full they hold 49.93 Ah each; 20 A and -6.3 A
    assert totals["TimeToFull"] == round(2 * (49930 - 41442) * 60 / (20000 - 6300))
