"""What is published, as JSON text: every number is the exact decimal. Runs on CPython and on MicroPython."""
# ruff: noqa: UP031 - of MicroPython

from fakes import made_alarms, made_reading

from firmware.mqtt.json_writer import JsonWriter
from firmware.mqtt.payloads import Payloads
from firmware.reading import summarize

# raw, its decimals, decimals at most -> text; what must be rounded is rounded half away from zero
DECIMALS = (
    (3303, 3, 3, "3.303"), (3300, 3, 3, "3.3"), (0, 3, 3, "0.0"), (-1, 3, 3, "-0.001"), (149, 3, 1, "0.1"),
    (-150, 3, 1, "-0.2"), (-49, 3, 1, "0.0"), (9950, 3, 1, "10.0"), (1234499, 6, 3, "1.234"), (500, 6, 3, "0.001"),
    (31, 0, 0, "31"), (-500, 3, 0, "-1"), (2**64 - 1, 6, 3, "18446744073709.552"),
    (-(2**63), 0, 0, "-9223372036854775808"),
)  # fmt: skip
# text -> JSON; control characters become spaces
TEXTS = (
    ("", '""'), ('a"b', '"a\\"b"'), ("a\\b", '"a\\\\b"'), ("a\nb\0c\x1f ", '"a b c  "'), ("Zürich °", '"Zürich °"'),
    (b"\xc3\xbc\t", '"ü "'),
)  # fmt: skip
VALUES = (True, "true"), (False, "false"), (1, "1"), (0, "0"), ("1", '"1"'), (b"1", '"1"')
LISTS = ((), "[]"), ((3,), "[3]"), ([0, 16, -1], "[0,16,-1]")
RUNNING = ("Discharging", "Discharge_MOS", "Charge_MOS")
BAD = ("Pack_OVP", "Charging", "Charge_MOS", "Cell_OV", "CHG_OC", "OT", "Other", "Cell_Fault")
BAD_STATES = b"\0\0\0\0\0\0\2\0\0\0\0\0\xf0\0\0", b"\0\0\2\0\0"
IN_ALARM = made_reading(current=25000, alarms=made_alarms(BAD, *BAD_STATES, 2, 240, 1, faulty=(3, 16)))
EIGHT = made_reading(cells=(3400,) * 7 + (3399,), temperatures=(0, -4, -123, 1, 10), voltage=27199, current=-100)
SIXTEEN = made_reading(pack=16, cells=(3350,) * 16, temperatures=(251,) * 6, voltage=53600, current=0, remaining=75480,
                       capacity=74000, cycles=65535)  # fmt: skip
SENSORS = ("BMS_T", "CellTemp1_4", "CellTemp5_8", "CellTemp9_12", "CellTemp13_16", "Temp6")
BARE = made_reading(cells=(0,), temperatures=(), voltage=0, current=50, remaining=0, capacity=0, cycles=0, soh=97)
NORMAL_TEXT = (
    '{"Cells":{"Cell_1":{"Reading":3.303,"State":0},"Cell_2":{"Reading":3.302,"State":0},"Cell_3":{"Reading":3.302,'
    '"State":0},"Cell_4":{"Reading":3.303,"State":0},"Cell_5":{"Reading":3.302,"State":0},"Cell_6":{"Reading":3.302,'
    '"State":0},"Cell_7":{"Reading":3.301,"State":0},"Cell_8":{"Reading":3.303,"State":0},"Cell_9":{"Reading":3.302,'
    '"State":0},"Cell_10":{"Reading":3.303,"State":0},"Cell_11":{"Reading":3.302,"State":0},"Cell_12":{"Reading":3.303,'
    '"State":0},"Cell_13":{"Reading":3.306,"State":0},"Cell_14":{"Reading":3.302,"State":0},"Cell_15":{"Reading":3.303,'
    '"State":0}},"Temps":{"BMS_T":{"Reading":23.5,"State":0},"CellTemp1_4":{"Reading":22.0,"State":0},"CellTemp5_8":'
    '{"Reading":22.0,"State":0},"CellTemp9_12":{"Reading":22.0,"State":0},"CellTemp13_16":{"Reading":22.0,"State":0}},'
    '"PackCurrent":{"Reading":-6.3,"State":0},"PackVoltage":{"Reading":49.539,"State":0},"RemainingCapacity":41.442,'
    '"FullCapacity":50.0,"StoredEnergy":1.989,"CycleCount":31,"SOC":82.9,"Power":-312.1,"CellMin":3.301,"CellMinNumber"'
    ':7,"CellMax":3.306,"CellMaxNumber":13,"CellDelta":0.005,"TempMin":22.0,"TempMax":23.5,"ChargedEnergy":1.234,'
    '"DischargedEnergy":0.871,"BatteryState":"discharging","Problem":false,"Warning":false,"ProblemText":"OK",'
    '"Protect_Status":{"Pack_UVP":false,"CHG_TP":false,"DSG_TP":false,"DSG_OCP":false,"CHG_OCP":false,"Cell_UVP":false,'
    '"Pack_OVP":false},"System_Status":{"Fully_Charged":false,"Heater":false,"Charging":false,"Discharging":true,'
    '"Buzzer":false,"Using_Pack_Power":false,"Discharge_MOS":true,"Charge_MOS":true,"Precharge_MOS":false},'
    '"Fault_Status":{"Cell_Fault":false,"Faulty_Cells":[]},"Alarm_Status":{"Cell_UV":false,"Cell_OV":false,"Pack_UV":'
    'false,"Pack_OV":false,"CHG_OC":false,"DSG_OC":false,"UT":false,"OT":false,"Other":false}}'
)
# What another reading has instead
ALARM_TEXT = (
    ('3.301,"State":0', '3.301,"State":2'), ('3.306,"State":0', '3.306,"State":240'), ("-312.1", "1238.5"),
    ('_8":{"Reading":22.0,"State":0', '_8":{"Reading":22.0,"State":2'), ('-6.3,"State":0', '25.0,"State":2'),
    ('49.539,"State":0', '49.539,"State":240'), ("1.234", "0.0"), ("0.871", "0.0"), ('"discharging"', '"charging"'),
    ('"Problem":false,"Warning":false,"ProblemText":"OK"', '"Problem":true,"Warning":true,"ProblemText":"Over-voltage '
     'protection; Cells 3, 16 fault; Other error: cell 13, voltage; Cell 7 over-voltage … and 2 more"'),
    ('OVP":false', 'OVP":true'), ('"Charging":false,"Discharging":true', '"Charging":true,"Discharging":false'),
    ('"Discharge_MOS":true', '"Discharge_MOS":false'), ('false,"Faulty_Cells":[]', 'true,"Faulty_Cells":[3,16]'),
    ('Cell_OV":false', 'Cell_OV":true'), ('CHG_OC":false', 'CHG_OC":true'), ('OT":false', 'OT":true'),
    ('Other":false', 'Other":true'),
)  # fmt: skip


def replaced(text, changes):
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


# reading, charged and discharged in mWh, the payload
GOLDEN = (
    (made_reading(alarms=made_alarms(on=RUNNING)), 1234000, 871499, NORMAL_TEXT),
    (IN_ALARM, 0, 499, replaced(NORMAL_TEXT, ALARM_TEXT)),
    (EIGHT, 5, 10**12,
     '{"Cells":{' + "".join(['"Cell_%d":{"Reading":3.4},' % cell for cell in range(1, 8)])
     + '"Cell_8":{"Reading":3.399}},"Temps":{"BMS_T":{"Reading":0.0},"CellTemp1_4":{"Reading":-0.4},'
     '"CellTemp5_8":{"Reading":-12.3},"Temp4":{"Reading":0.1},"Temp5":{"Reading":1.0}},"PackCurrent":{"Reading":-0.1},"PackVoltage":{"Reading":27.199},'
     '"RemainingCapacity":41.442,"FullCapacity":50.0,"StoredEnergy":1.061,"CycleCount":31,"SOC":82.9,"Power":-2.7,'
     '"CellMin":3.399,"CellMinNumber":8,"CellMax":3.4,"CellMaxNumber":1,"CellDelta":0.001,"TempMin":-12.3,"TempMax":1.0,'
     '"ChargedEnergy":0.0,"DischargedEnergy":1000000.0,"BatteryState":"idle"}'),
    (SIXTEEN, 999999, 999499,
     '{"Cells":{' + ",".join(['"Cell_%d":{"Reading":3.35}' % cell for cell in range(1, 17)])
     + '},"Temps":{' + ",".join(['"%s":{"Reading":25.1}' % key for key in SENSORS])
     + '},"PackCurrent":{"Reading":0.0},"PackVoltage":{"Reading":53.6},"RemainingCapacity":75.48,"FullCapacity":74.0,'
     '"StoredEnergy":3.865,"CycleCount":65535,"SOC":100.0,"Power":0.0,"CellMin":3.35,"CellMinNumber":1,"CellMax":3.35,'
     '"CellMaxNumber":1,"CellDelta":0.0,"TempMin":25.1,"TempMax":25.1,"ChargedEnergy":1.0,"DischargedEnergy":0.999,'
     '"BatteryState":"idle"}'),
    (BARE, 0, 0,
     '{"Cells":{"Cell_1":{"Reading":0.0}},"Temps":{},"PackCurrent":{"Reading":0.05},"PackVoltage":{"Reading":0.0},'
     '"RemainingCapacity":0.0,"FullCapacity":0.0,"StoredEnergy":0.0,"CycleCount":0,"SOH":97,"Power":0.0,"CellMin":0.0,'
     '"CellMinNumber":1,"CellMax":0.0,"CellMaxNumber":1,"CellDelta":0.0,"ChargedEnergy":0.0,"DischargedEnergy":0.0,'
     '"BatteryState":"idle"}'),
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
# Of a battery that speaks text: its own fields, others; what is in the payload, or not
OF_TEXT = (
    ({"mos": None}, {}, "MOS_T", False), ({"balancing": None}, {}, "Balancing_Cells", False),
    ({"events": None}, {}, "Events", False), ({}, {}, '"Balancing_Cells":[3,15],"Protect', True),
    ({"events": "COC; OTP"}, {}, '"BaseState":"Dischg","Events":"COC; OTP",', True),
    ({"balancing": ()}, {}, '"Balancing_Cells":[]', True), ({}, {"soh": None}, "SOH", False),
    ({}, {"cycles": None}, "CycleCount", False), ({"soc": 0}, {}, '"SOC":0.0,', True),
    ({}, {}, '"Cell_8":{"Reading":3.303,"State":0,"Temp":22.0},"Cell_9":{"Reading":3.302,"State":0,"Temp":23.1}', True),
    ({}, {}, '"Temps":{"BMS_T":{"Reading":23.5,"State":0},"MOS_T":{"Reading":28.8}},"PackC', True),
    ({}, {}, ',"SOC":83.0,"SOH":98,"Power":-312.1,', True), ({}, {}, '"TempMin":22.0,"TempMax":23.1,', True),
    ({"base": "Raw", "state": "sleeping"}, {}, '"BatteryState":"sleeping","BaseState":"Raw","Problem"', True),
    ({"words": ("Volt Status Odd", "System Fault 0x40")}, {"alarms": made_alarms(on=("Other",))}, '"Problem":true,'
     '"Warning":true,"ProblemText":"Volt Status Odd; System Fault 0x40"', True),
    # flags that are not known are left out
    ({}, {"alarms": made_alarms(keys=("CHG_TP", "Heater"))}, '"Protect_Status":{"CHG_TP":false},"System_Status":'
     '{"Heater":false},"Fault_Status":{},"Alarm_Status":{}}', True),
    ({}, {"alarms": made_alarms(keys=("CHG_OT", "ENV_UT", "Cell_UV", "Cell_Fault"), faulty=(2,))}, '"Protect_Status":{}'
     ',"System_Status":{},"Fault_Status":{"Cell_Fault":false,"Faulty_Cells":[2]},"Alarm_Status":{"CHG_OT":false,'
     '"ENV_UT":false,"Cell_UV":false}}', True),
    # the current's state is that of charging, then of discharging
    ({}, {"alarms": made_alarms(charge=2, discharge=1)}, '"PackCurrent":{"Reading":-6.3,"State":2}', True),
    ({}, {"alarms": made_alarms(discharge=1)}, '"PackCurrent":{"Reading":-6.3,"State":1}', True),
)  # fmt: skip


def extra_of(**fields):
    """What a battery that speaks text says more, but for `fields`."""
    return dict({"cell_temperatures": (220,) * 8 + (231,) * 7, "mos": 288, "soc": 83, "base": "Dischg",
                 "state": "discharging", "balancing": (3, 15), "words": ()}, **fields)  # fmt: skip


def pack_text(reading, charged=0, discharged=0, payloads=None):
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


def check_what_some_batteries_say_more():
    sensors = ("BMS_T", "A", "B", "C", "MOS_T")
    for design, cells, text in ((50000, (2, 5), ',"DesignCapacity":50.0,"Balancing_Cells":[2,5]'),
                                (50000, (), '50.0,"Balancing_Cells":[]'), (0, None, 'Capacity":0.0}')):  # fmt: skip
        assert text in pack_text(made_reading(design=design, balancing=cells, sensors=sensors)), cells
    for of_extra, fields, text, there in OF_TEXT:
        fields = dict(dict(extra_of(**of_extra), temperatures=(235,), soh=98, alarms=CALM), **fields)
        assert (text in pack_text(made_reading(**fields))) == there, text


def check_each_by_itself():
    for method, rows in (
        ("decimal", [(raw, (scale, digits), text) for raw, scale, digits, text in DECIMALS]),
        ("text", TEXTS), ("value", [(raw, (0, 0), text) for raw, text in VALUES]), ("numbers", LISTS),
    ):  # fmt: skip
        for size in (0, 5, 64):
            for row in rows:
                json = JsonWriter(size)
                getattr(json, method)(*row[:-1])
                assert bytes(json.text_view()).decode() == row[-1], row
