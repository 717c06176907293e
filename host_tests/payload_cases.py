"""What is published, as text: every number is the exact decimal. Runs on CPython and on MicroPython."""
# ruff: noqa: UP031 - of MicroPython

from fakes import Clock, made_alarms, made_reading

from firmware.mqtt.payloads import Payloads, temperature_key
from firmware.rack import Rack
from firmware.reading import Extra, More, summarize

PROTECT = "Pack_UVP CHG_TP DSG_TP DSG_OCP CHG_OCP Cell_UVP Pack_OVP"
SYSTEM = "Fully_Charged Heater Charging Discharging Buzzer Using_Pack_Power Discharge_MOS Charge_MOS Precharge_MOS"
ALARM = "Cell_UV Cell_OV Pack_UV Pack_OV CHG_OC DSG_OC UT OT Other"
CELLS = "3.303 3.302 3.302 3.303 3.302 3.302 3.301 3.303 3.302 3.303 3.302 3.303 3.306 3.302 3.303"
TEMPS = "BMS_T=23.5 CellTemp1_4=22.0 CellTemp5_8=22.0 CellTemp9_12=22.0 CellTemp13_16=22.0"
CHARGE = '"RemainingCapacity":41.442,"FullCapacity":50.0,"StoredEnergy":1.989,"CycleCount":31,'
EXTREMES = '"CellMin":3.301,"CellMinNumber":7,"CellMax":3.306,"CellMaxNumber":13,"CellDelta":0.005,'
REST = (CHARGE + '"SOC":82.9,"Power":-312.1,' + EXTREMES + '"TempMin":22.0,"TempMax":23.5,'
        '"ChargedEnergy":1.234,"DischargedEnergy":0.871,"BatteryState":"discharging"')  # fmt: skip
WELL = ',"Problem":false,"Warning":false,"ProblemText":"OK"'


def flags(name, keys, on, more=""):
    made = [f'"{key}":{"true" if key in on else "false"}' for key in keys.split()]
    return f',"{name}":{{{",".join(made)}{more}}}'


def status(on, faulty=""):
    faults = flags("Fault_Status", "Cell_Fault", on, f',"Faulty_Cells":[{faulty}]')
    return flags("Protect_Status", PROTECT, on) + flags("System_Status", SYSTEM, on) + faults \
        + flags("Alarm_Status", ALARM, on) + "}"


def measured(numbers, states, named):
    """Members "name=number" as JSON, each with the next of `states`, if there are any."""
    made = []
    for one in numbers:
        name, number = one.split("=") if named else (f"Cell_{len(made) + 1}", one)
        state = f',"State":{states.pop(0)}' if states else ""
        made.append(f'"{name}":{{"Reading":{number}{state}}}')
    return ",".join(made)


def payload(cells, temps, current, voltage, rest, states=b""):
    """The JSON of mqtt.md around the numbers, which are texts; `states` of cells, sensors, current and voltage."""
    states = list(states)
    cells = measured(cells.split(), states, False)
    temps = measured(temps.split(), states, True)
    pack = measured(["PackCurrent=" + current, "PackVoltage=" + voltage], states, True)
    return f'{{"Cells":{{{cells}}},"Temps":{{{temps}}},{pack},{rest}'


RUNNING = ("Discharging", "Discharge_MOS", "Charge_MOS")
BAD = ("Pack_OVP", "Charging", "Charge_MOS", "Cell_OV", "CHG_OC", "OT", "Other", "Cell_Fault")
BAD_STATES = b"\0\0\0\0\0\0\2\0\0\0\0\0\xf0\0\0", b"\0\0\2\0\0"
IN_ALARM = made_reading(current=25000, alarms=made_alarms(BAD, *BAD_STATES, 2, 240, 1, faulty=(3, 16)))
EIGHT = made_reading(cells=(3400,) * 7 + (3399,), temperatures=(0, -4, -123, 1, 10), voltage=27199, current=-100,
                     cycles=65535)  # fmt: skip
BARE = made_reading(cells=(0,), temperatures=(), voltage=0, current=50, remaining=0, capacity=0, cycles=0, soh=97)
# reading, charged and discharged in mWh, the payload
GOLDEN = (
    (made_reading(alarms=made_alarms(on=RUNNING)), 1234000, 871499,
     payload(CELLS, TEMPS, "-6.3", "49.539", REST + WELL + status(RUNNING), bytes(22))),
    (made_reading(), 1234000, 871499, payload(CELLS, TEMPS, "-6.3", "49.539", REST + "}")),
    (IN_ALARM, 0, 499, payload(
        CELLS, TEMPS, "25.0", "49.539", CHARGE + '"SOC":82.9,"Power":1238.5,' + EXTREMES +
        '"TempMin":22.0,"TempMax":23.5,"ChargedEnergy":0.0,"DischargedEnergy":0.0,"BatteryState":"charging",'
        '"Problem":true,"Warning":true,"ProblemText":"Over-voltage protection; Cells 3, 16 fault; '
        'Other error: cell 13, voltage; Cell 7 over-voltage … and 2 more"' + status(BAD, "3,16"),
        BAD_STATES[0] + BAD_STATES[1] + b"\2\xf0")),
    (EIGHT, 999999, 10**12, payload(
        "3.4 3.4 3.4 3.4 3.4 3.4 3.4 3.399", "BMS_T=0.0 CellTemp1_4=-0.4 CellTemp5_8=-12.3 Temp4=0.1 Temp5=1.0",
        "-0.1", "27.199", '"RemainingCapacity":41.442,"FullCapacity":50.0,"StoredEnergy":1.061,"CycleCount":65535,'
        '"SOC":82.9,"Power":-2.7,"CellMin":3.399,"CellMinNumber":8,"CellMax":3.4,"CellMaxNumber":1,'
        '"CellDelta":0.001,"TempMin":-12.3,"TempMax":1.0,"ChargedEnergy":1.0,"DischargedEnergy":1000000.0,'
        '"BatteryState":"idle"}')),
    (BARE, 0, 0, payload(
        "0.0", "", "0.05", "0.0", '"RemainingCapacity":0.0,"FullCapacity":0.0,"StoredEnergy":0.0,"CycleCount":0,'
        '"SOH":97,"Power":0.0,"CellMin":0.0,"CellMinNumber":1,"CellMax":0.0,"CellMaxNumber":1,"CellDelta":0.0,'
        '"ChargedEnergy":0.0,"DischargedEnergy":0.0,"BatteryState":"idle"}')),
)  # fmt: skip
TOTALS = {
    "Packs": 2, "PacksExpected": 2, "PackVoltage": 49551, "PackCurrent": -20100, "Power": -9960, "SOC": 645,
    "RemainingCapacity": 80000, "FullCapacity": 124000, "StoredEnergy": 3840000, "CellMin": 3290,
    "CellMinAt": "Pack 1 cell 2", "CellMax": 3310, "CellMaxAt": "Pack 1 cell 1", "CellDelta": 20, "TempMin": -180,
    "TempMax": 250, "BatteryState": "discharging", "TimeToEmpty": 239, "Problem": True, "Warning": False,
    "ProblemText": "Pack 3 missing",
}  # fmt: skip
TOTALS_TEXT = (
    '{"PackCurrent":-20.1,"PackVoltage":49.551,"Packs":2,"PacksExpected":2,"RemainingCapacity":80.0,'
    '"FullCapacity":124.0,"StoredEnergy":3.84,"SOC":64.5,"Power":-996.0,"CellMin":3.29,"CellMinAt":"Pack 1 cell 2",'
    '"CellMax":3.31,"CellMaxAt":"Pack 1 cell 1","CellDelta":0.02,"TempMin":-18.0,"TempMax":25.0,"ChargedEnergy":0.002,'
    '"DischargedEnergy":0.002,"BatteryState":"discharging","TimeToEmpty":239,"Problem":true,"Warning":false,'
    '"ProblemText":"Pack 3 missing"}'
)
CALM = made_alarms(keys=("Charging", "Heater", "Other"), temperatures=bytes(1))
# Of a battery that speaks text: fields of Extra, of the reading; what is in the payload, or not
OF_TEXT = (
    ({"mos": None}, {}, "MOS_T", False), ({"balancing": None}, {}, "Balancing_Cells", False),
    ({"events": ""}, {}, "Events", False), ({}, {}, '"Balancing_Cells":[3,15],"Protect', True),
    ({"events": "COC; OTP"}, {}, '"BaseState":"Dischg","Events":"COC; OTP",', True),
    ({"balancing": ()}, {}, '"Balancing_Cells":[]', True), ({}, {"soh": None}, "SOH", False),
    ({}, {"cycles": None}, "CycleCount", False), ({"soc": 0}, {}, '"SOC":0.0,', True),
    ({}, {}, '"Cell_8":{"Reading":3.303,"State":0,"Temp":22.0},"Cell_9":{"Reading":3.302,"State":0,"Temp":23.1}', True),
    ({}, {}, '"Temps":{"BMS_T":{"Reading":23.5,"State":0},"MOS_T":{"Reading":28.8}},"PackC', True),
    ({}, {}, ',"SOC":83.0,"SOH":98,"Power":-312.1,', True), ({}, {}, '"TempMin":22.0,"TempMax":23.1,', True),
    ({"base": "Raw", "state": "sleeping"}, {}, '"BatteryState":"sleeping","BaseState":"Raw","Problem"', True),
    ({"words": ("Volt Status Odd", "System Fault 0x40")}, {"alarms": made_alarms(on=("Other",))}, '"Problem":true,'
     '"Warning":true,"ProblemText":"Volt Status Odd; System Fault 0x40"', True),
)  # fmt: skip
# Flags that a dialect knows, faulty cells; what it publishes of them
KNOWN_FLAGS = (
    (("CHG_TP", "Heater"), (), '"Protect_Status":{"CHG_TP":false},"System_Status":{"Heater":false},'
     '"Fault_Status":{},"Alarm_Status":{}}'),
    (("CHG_OT", "ENV_UT", "Cell_UV"), (), '"Protect_Status":{},"System_Status":{},"Fault_Status":{},'
     '"Alarm_Status":{"CHG_OT":false,"ENV_UT":false,"Cell_UV":false}}'),
    (("Cell_Fault",), (2,), '"Protect_Status":{},"System_Status":{},'
     '"Fault_Status":{"Cell_Fault":false,"Faulty_Cells":[2]},"Alarm_Status":{}}'),
)  # fmt: skip


def extra_of(mos=288, soc=83, base="Dischg", state="discharging", balancing=(3, 15), words=(), events=None):
    return Extra((220,) * 8 + (231,) * 7, mos, soc, base, state, balancing, words, events)


def pack_text(reading, charged=0, discharged=0, payloads=None):
    """The payload of a reading."""
    return bytes((payloads or Payloads()).pack(reading, summarize(reading), charged, discharged)).decode()


def rack_text(totals, charged=1500, discharged=2499):
    return bytes(Payloads().rack(totals, charged, discharged)).decode()


def check_each_payload_stands_alone():
    """One buffer is used for all of them: a short one behind a long one, and one that needs a larger buffer."""
    payloads = Payloads()
    for text in ("x" * 5000, "", "Küche: 5 €"):
        for reading, charged, discharged, expected in GOLDEN:
            assert pack_text(reading, charged, discharged, payloads) == expected, expected[:60]
        made = payloads.flat((("LastError", text, (0, 0)), ("RSSI", None, (0, 0)), ("Packs", 0, (0, 0))))
        assert bytes(made).decode() == '{"LastError":"%s","Packs":0}' % text
    assert bytes(payloads.flat(())) == b"{}" and rack_text(TOTALS) == TOTALS_TEXT


def check_states_and_flags():
    """The current's state is that of charging, then of discharging. Flags that are not known are left out."""
    for charge, discharge, state in ((0, 0, 0), (2, 1, 2), (0, 1, 1)):
        text = pack_text(made_reading(alarms=made_alarms(charge=charge, discharge=discharge)))
        assert f'"PackCurrent":{{"Reading":-6.3,"State":{state}}}' in text, text
    for keys, faulty, text in KNOWN_FLAGS:
        assert pack_text(made_reading(alarms=made_alarms(keys=keys, faulty=faulty))).endswith("," + text), text


def check_what_some_batteries_say_more():
    sensors = ("BMS_T", "A", "B", "C", "MOS_T")
    for balancing, text in (
        ((2, 5), ',"DesignCapacity":50.0,"Balancing_Cells":[2,5]'), ((), '50.0,"Balancing_Cells":[]'), (None, "50.0}"),
    ):  # fmt: skip
        assert text in pack_text(made_reading(more=More(50000, balancing, sensors, ()))), balancing
    for of_extra, fields, text, there in OF_TEXT:
        fields = dict(dict(temperatures=(235,), soh=98, alarms=CALM), **fields)
        assert (text in pack_text(made_reading(extra=extra_of(**of_extra), **fields))) == there, text
    rack = Rack(Clock())
    odd = extra_of(words=("Status Odd",), state="balancing")
    for one in (
        made_reading(pack=1, current=20000, temperatures=(400,), alarms=made_alarms(on=("Other",)), extra=odd),
        made_reading(pack=2, temperatures=(-100,), alarms=made_alarms(), extra=extra_of(state="balancing")),
    ):
        rack.add(one, summarize(one))
    totals = rack.cycle([])
    assert (totals["TempMin"], totals["TempMax"], totals["BatteryState"]) == (220, 231, "balancing")
    assert totals["ProblemText"] == "Pack 1: Status Odd" and totals["Problem"] is True
    # two packs that hold 41.442 Ah and are at 83 %: full they hold 49.93 Ah each; 20 A and -6.3 A
    assert totals["TimeToFull"] == round(2 * (49930 - 41442) * 60 / (20000 - 6300))


def check_temperature_keys():
    """Never cut to the number of cells; beyond the cells they are numbered."""
    for cells, keys in (
        (16, TEMPS + " Temp6 Temp7"), (13, TEMPS), (9, "BMS_T CellTemp1_4 CellTemp5_8 CellTemp9_12 Temp5"),
        (5, "BMS_T CellTemp1_4 CellTemp5_8"), (4, "BMS_T CellTemp1_4 Temp3"), (1, "BMS_T CellTemp1_4 Temp3"),
    ):  # fmt: skip
        keys = [key.split("=")[0] for key in keys.split()]
        assert [temperature_key(index, cells) for index in range(len(keys))] == keys, cells


def check_small_parts_are_collected():
    """Into pieces of a TCP segment, each good until the next."""
    sizes = []
    for parts in ([b"x" * 100] * 30, [b"x" * 1199, b"y", b"z"], [b"x" * 1199, b"yz"], []):
        sizes.append([len(one) for one in Payloads().collected(parts)])
    assert sizes == [[1200, 1200, 600], [1200, 1], [1201, 0], [0]]
