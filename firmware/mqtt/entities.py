"""One table: what is published under which key, in which unit and decimals, and what it is in Home Assistant.

Adding a value is adding a row. The tables are texts and their rows lines: as tuples they would take five times the
memory. The firmware keeps a compact() form of what it needs in every cycle, and loads the rest for the moment.
"""

# name: unit, decimals of the raw integer, decimals published, device class, state class, decimals shown; - for none
_KINDS = """
cell V 3 3 voltage measurement 3
volt V 3 3 voltage measurement 2
ampere A 3 1 current measurement 1
watt W 1 1 power measurement 0
percent % 1 1 battery measurement 0
health % 0 0 - measurement 0
celsius °C 1 1 temperature measurement 1
capacity Ah 3 3 - measurement 1
energy kWh 6 3 energy total_increasing 3
count - 0 0 - total_increasing -
number - 0 0 - measurement -
minutes min 0 0 duration measurement 0
seconds s 0 0 duration measurement 0
tenths s 1 1 duration measurement 1
signal dBm 0 0 signal_strength measurement 0
bytes B 0 0 data_size measurement 0
enum - 0 0 enum - -
text - 0 0 - - -
flag - 0 0 - - -
problem - 0 0 problem - -
link - 0 0 connectivity - -
"""

# Tables of rows, one for each topic. key, kind, device (p pack, r rack, b both), how it shows (m main, d diagnostic,
# o diagnostic and off, - not at all), name; in the order of the payload. A pack's first four rows are for what carries
# a State.
READINGS = """
Cell cell p - -
Temp celsius p - -
PackCurrent ampere b m Current
PackVoltage volt b m Voltage
Packs number r m Packs
PacksExpected number r - -
RemainingCapacity capacity b m Remaining capacity
FullCapacity capacity b d Full capacity
CycleCount count p d Cycles
SOC percent b m State of charge
SOH health p d State of health
Power watt b m Power
CellMin cell b m Lowest cell voltage
CellMinNumber number p o Lowest cell
CellMinAt text r d Lowest cell
CellMax cell b m Highest cell voltage
CellMaxNumber number p o Highest cell
CellMaxAt text r - -
CellDelta cell b m Cell voltage difference
TempMin celsius b m Lowest temperature
TempMax celsius b m Highest temperature
ChargedEnergy energy b m Charged energy
DischargedEnergy energy b m Discharged energy
BatteryState enum b m State
TimeToFull minutes r m Time to full
TimeToEmpty minutes r m Time to empty
Problem problem b m Problem
Warning problem b m Warning
ProblemText text b d Problem details
"""
LIMITS = """
ChargeVoltageLimit volt p d Charge voltage limit
DischargeVoltageLimit volt p d Discharge voltage limit
ChargeCurrentLimit ampere p d Charge current limit
DischargeCurrentLimit ampere p d Discharge current limit
ChargeEnable flag p - -
DischargeEnable flag p - -
ChargeImmediately flag p - -
FullChargeRequest flag p - -
"""
PARAMETERS = """
CellHighVoltageLimit cell r - -
CellLowVoltageLimit cell r - -
CellUnderVoltageLimit cell r - -
ChargeHighTemperatureLimit celsius r - -
ChargeLowTemperatureLimit celsius r - -
ChargeCurrentLimit ampere r - -
PackHighVoltageLimit volt r - -
PackLowVoltageLimit volt r - -
PackUnderVoltageLimit volt r - -
DischargeHighTemperatureLimit celsius r - -
DischargeLowTemperatureLimit celsius r - -
DischargeCurrentLimit ampere r - -
"""
STATE = """
Uptime seconds r o Uptime
Version text r - -
ResetCause text r - -
Boots number r o Boots
IP text r - -
RSSI signal r o Wi-Fi signal
HeapFree bytes r o Free memory
Link link r d Battery connection
Dialect text r - -
Baud number r - -
Packs number r - -
PublishRate number r - -
Cycle tenths r - -
Polls count r o Polls
Timeouts count r o Timeouts
FrameErrors count r o Frame errors
ReturnCodes count r o Return codes
Implausible count r o Implausible readings
BrokerDrops count r o Broker drops
WifiDrops count r o Wi-Fi drops
LastError text r d Last error
"""
STATUS = """
name text r - -
sw_version text r - -
IP text r - -
SSID text r - -
uptime seconds r - -
"""


def rows(table, device=None):
    """Yields the rows of `table` that are for `device` ("p", "r", None: all) as lists: key, kind, device, show, name."""
    start = 1
    while start < len(table):
        end = table.find("\n", start)
        row = table[start:end].split(" ", 4)
        if device is None or row[2] == device or row[2] == "b":
            yield row
        start = end + 1


def kind(name):
    """Unit, decimals of the raw integer, decimals published, device class, state class, decimals shown: texts."""
    start = _KINDS.find("\n%s " % name) + 1
    return _KINDS[start : _KINDS.find("\n", start)].split(" ")[1:]


def compact(table, device=None):
    """What payloads need of a table: "key, decimals of the raw integer, decimals published" a line."""
    lines = []
    for key, name, _, _, _ in rows(table, device):
        lines.append("%s %s" % (key, " ".join(kind(name)[1:3])))
    return "\n".join(lines) + "\n"
