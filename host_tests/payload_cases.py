"""What is published, as text: every number is the exact decimal. Runs on CPython and on MicroPython."""

from fakes import made_alarms, made_reading

from firmware.mqtt.payloads import Payloads, temperature_key
from firmware.reading import More, summarize

PROTECT = "Pack_UVP CHG_TP DSG_TP DSG_OCP CHG_OCP Cell_UVP Pack_OVP"
SYSTEM = "Fully_Charged Heater Charging Discharging Buzzer Using_Pack_Power Discharge_MOS Charge_MOS Precharge_MOS"
ALARM = "Cell_UV Cell_OV Pack_UV Pack_OV CHG_OC DSG_OC UT OT Other"
CELLS = "3.303 3.302 3.302 3.303 3.302 3.302 3.301 3.303 3.302 3.303 3.302 3.303 3.306 3.302 3.303"
TEMPS = "BMS_T=23.5 CellTemp1_4=22.0 CellTemp5_8=22.0 CellTemp9_12=22.0 CellTemp13_16=22.0"
REST = (
    '"RemainingCapacity":41.442,"FullCapacity":50.0,"StoredEnergy":1.989,"CycleCount":31,"SOC":82.9,"Power":-312.1,"CellMin":3.301,'
    '"CellMinNumber":7,"CellMax":3.306,"CellMaxNumber":13,"CellDelta":0.005,"TempMin":22.0,"TempMax":23.5,'
    '"ChargedEnergy":1.234,"DischargedEnergy":0.871,"BatteryState":"discharging"'
)
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
NORMAL = made_reading(alarms=made_alarms(on=RUNNING))
BAD = ("Pack_OVP", "Charging", "Charge_MOS", "Cell_OV", "CHG_OC", "OT", "Other", "Cell_Fault")
BAD_STATES = b"\0\0\0\0\0\0\2\0\0\0\0\0\xf0\0\0", b"\0\0\2\0\0"
IN_ALARM = made_reading(
    current=25000,
    alarms=made_alarms(
        on=BAD, faulty=(3, 16), charge=2, voltage=240, discharge=1, cells=BAD_STATES[0], temperatures=BAD_STATES[1]
    ),
)
EIGHT = made_reading(cells=(3400,) * 7 + (3399,), temperatures=(0, -4, -123, 1, 10), voltage=27199, current=-100)
SIXTEEN = made_reading(
    pack=16, cells=(3350,) * 16, temperatures=(251,) * 6, voltage=53600, current=0, remaining=75480, capacity=74000,
    cycles=65535, soh=97,
)  # fmt: skip
BARE = made_reading(cells=(0,), temperatures=(), voltage=0, current=50, remaining=0, capacity=0, cycles=0)
# reading, charged and discharged in mWh, the payload
GOLDEN = (
    (NORMAL, 1234000, 871499, payload(CELLS, TEMPS, "-6.3", "49.539", REST + WELL + status(RUNNING), bytes(22))),
    (made_reading(), 1234000, 871499, payload(CELLS, TEMPS, "-6.3", "49.539", REST + "}")),
    (IN_ALARM, 0, 499, payload(
        CELLS, TEMPS, "25.0", "49.539",
        '"RemainingCapacity":41.442,"FullCapacity":50.0,"StoredEnergy":1.989,"CycleCount":31,"SOC":82.9,"Power":1238.5,"CellMin":3.301,'
        '"CellMinNumber":7,"CellMax":3.306,"CellMaxNumber":13,"CellDelta":0.005,"TempMin":22.0,"TempMax":23.5,'
        '"ChargedEnergy":0.0,"DischargedEnergy":0.0,"BatteryState":"charging","Problem":true,"Warning":true,'
        '"ProblemText":"Over-voltage protection; Cells 3, 16 fault; Other error: cell 13, voltage; '
        'Cell 7 over-voltage … and 2 more"' + status(BAD, "3,16"), BAD_STATES[0] + BAD_STATES[1] + b"\2\xf0")),
    (EIGHT, 5, 10**12, payload(
        "3.4 3.4 3.4 3.4 3.4 3.4 3.4 3.399", "BMS_T=0.0 CellTemp1_4=-0.4 CellTemp5_8=-12.3 Temp4=0.1 Temp5=1.0",
        "-0.1", "27.199",
        '"RemainingCapacity":41.442,"FullCapacity":50.0,"StoredEnergy":1.061,"CycleCount":31,"SOC":82.9,"Power":-2.7,"CellMin":3.399,'
        '"CellMinNumber":8,"CellMax":3.4,"CellMaxNumber":1,"CellDelta":0.001,"TempMin":-12.3,"TempMax":1.0,'
        '"ChargedEnergy":0.0,"DischargedEnergy":1000000.0,"BatteryState":"idle"}')),
    (SIXTEEN, 999999, 999499, payload(
        " ".join(["3.35"] * 16),
        "BMS_T=25.1 CellTemp1_4=25.1 CellTemp5_8=25.1 CellTemp9_12=25.1 CellTemp13_16=25.1 Temp6=25.1", "0.0", "53.6",
        '"RemainingCapacity":75.48,"FullCapacity":74.0,"StoredEnergy":3.865,"CycleCount":65535,"SOC":100.0,"SOH":97,"Power":0.0,'
        '"CellMin":3.35,"CellMinNumber":1,"CellMax":3.35,"CellMaxNumber":1,"CellDelta":0.0,"TempMin":25.1,'
        '"TempMax":25.1,"ChargedEnergy":1.0,"DischargedEnergy":0.999,"BatteryState":"idle"}')),
    (BARE, 0, 0, payload(
        "0.0", "", "0.05", "0.0",
        '"RemainingCapacity":0.0,"FullCapacity":0.0,"StoredEnergy":0.0,"CycleCount":0,"Power":0.0,"CellMin":0.0,"CellMinNumber":1,'
        '"CellMax":0.0,"CellMaxNumber":1,"CellDelta":0.0,"ChargedEnergy":0.0,"DischargedEnergy":0.0,'
        '"BatteryState":"idle"}')),
)  # fmt: skip


def pack_text(reading, charged=0, discharged=0):
    """The payload of a reading."""
    return bytes(Payloads().pack(reading, summarize(reading), charged, discharged)).decode()


def check_readings():
    for reading, charged, discharged, text in GOLDEN:
        assert pack_text(reading, charged, discharged) == text, text[:60]


def check_current_state_is_charge_then_discharge():
    for charge, discharge, state in ((0, 0, 0), (2, 1, 2), (0, 1, 1), (240, 0, 240), (0, 2, 2)):
        alarms = made_alarms(charge=charge, discharge=discharge)
        text = pack_text(made_reading(alarms=alarms))
        assert f'"PackCurrent":{{"Reading":-6.3,"State":{state}}}' in text, text


def check_what_some_batteries_say_more():
    sensors = ("BMS_T", "A", "B", "C", "MOS_T")
    for balancing, text in (
        ((2, 5), ',"DesignCapacity":50.0,"Balancing_Cells":[2,5]'), ((), '50.0,"Balancing_Cells":[]'), (None, "50.0}"),
    ):  # fmt: skip
        assert text in pack_text(made_reading(more=More(50000, balancing, sensors, ()))), balancing


def check_flags_that_a_dialect_does_not_know_are_left_out():
    for keys, faulty, text in (
        (("CHG_TP", "Heater"), (), '"Protect_Status":{"CHG_TP":false},"System_Status":{"Heater":false},'
         '"Fault_Status":{},"Alarm_Status":{}}'),
        (("CHG_OT", "ENV_UT", "Cell_UV"), (), '"Protect_Status":{},"System_Status":{},"Fault_Status":{},'
         '"Alarm_Status":{"CHG_OT":false,"ENV_UT":false,"Cell_UV":false}}'),
        (("Cell_Fault",), (2,), '"Protect_Status":{},"System_Status":{},'
         '"Fault_Status":{"Cell_Fault":false,"Faulty_Cells":[2]},"Alarm_Status":{}}'),
    ):  # fmt: skip
        made = pack_text(made_reading(alarms=made_alarms(keys=keys, faulty=faulty)))
        assert made[made.find('"Protect_Status"') :] == text, made


def check_temperature_keys():
    """Never cut to the number of cells; beyond the cells they are numbered."""
    for cells, keys in (
        (16, TEMPS + " Temp6 Temp7"), (15, TEMPS), (13, TEMPS), (14, TEMPS + " Temp6"),
        (9, "BMS_T CellTemp1_4 CellTemp5_8 CellTemp9_12 Temp5"), (8, "BMS_T CellTemp1_4 CellTemp5_8 Temp4 Temp5"),
        (5, "BMS_T CellTemp1_4 CellTemp5_8"), (4, "BMS_T CellTemp1_4 Temp3"), (1, "BMS_T CellTemp1_4 Temp3"),
    ):  # fmt: skip
        keys = [key.split("=")[0] for key in keys.split()]
        assert [temperature_key(index, cells) for index in range(len(keys))] == keys, cells


TOTALS = {
    "Packs": 2, "PacksExpected": 2, "PackVoltage": 49551, "PackCurrent": -20100, "Power": -9960, "SOC": 645,
    "RemainingCapacity": 80000, "FullCapacity": 124000, "StoredEnergy": 3840000, "CellMin": 3290,
    "CellMinAt": "Pack 1 cell 2", "CellMax": 3310, "CellMaxAt": "Pack 1 cell 1", "CellDelta": 20,
    "TempMin": -180, "TempMax": 250,
    "BatteryState": "discharging", "TimeToEmpty": 239,
    "Problem": True, "Warning": False, "ProblemText": "Pack 3 missing",
}  # fmt: skip
TOTALS_TEXT = (
    '{"PackCurrent":-20.1,"PackVoltage":49.551,"Packs":2,"PacksExpected":2,"RemainingCapacity":80.0,'
    '"FullCapacity":124.0,"StoredEnergy":3.84,"SOC":64.5,"Power":-996.0,"CellMin":3.29,"CellMinAt":"Pack 1 cell 2",'
    '"CellMax":3.31,"CellMaxAt":"Pack 1 cell 1","CellDelta":0.02,"TempMin":-18.0,"TempMax":25.0,"ChargedEnergy":0.002,'
    '"DischargedEnergy":0.002,"BatteryState":"discharging","TimeToEmpty":239,"Problem":true,"Warning":false,'
    '"ProblemText":"Pack 3 missing"}'
)


def rack_text(totals, charged=1500, discharged=2499):
    return bytes(Payloads().rack(totals, charged, discharged)).decode()


def check_rack():
    assert rack_text(TOTALS) == TOTALS_TEXT


def check_each_payload_stands_alone():
    """One buffer is used for all of them: a short one behind a long one, and one that needs a larger buffer."""
    payloads = Payloads()
    for text in ("x" * 5000, "", "Küche: 5 €"):
        for reading, charged, discharged, expected in GOLDEN:
            assert bytes(payloads.pack(reading, summarize(reading), charged, discharged)).decode() == expected
        made = payloads.flat((("LastError", text, (0, 0)), ("RSSI", None, (0, 0)), ("Packs", 0, (0, 0))))
        assert bytes(made).decode() == '{"LastError":"%s","Packs":0}' % text  # noqa: UP031 - of MicroPython
    assert bytes(payloads.flat(())) == b"{}"


def check_small_parts_are_collected():
    """Into pieces of a TCP segment, each good until the next."""
    sizes = []
    for parts in ([b"x" * 100] * 30, [b"x" * 1199, b"y", b"z"], [b"x" * 1199, b"yz"], []):
        sizes.append([len(one) for one in Payloads().collected(parts)])
    assert sizes == [[1200, 1200, 600], [1200, 1], [1201, 0], [0]]
