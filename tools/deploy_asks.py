"""What is asked at the board's REPL: small programs for MicroPython, whose output is Python values."""

# -> (chip, release, machine, free bytes)
ASK_WHO = """
import os, sys
u = os.uname() if hasattr(os, 'uname') else (sys.platform, '', '.'.join(map(str, sys.implementation[1][:3])), '', '')
s = os.statvfs('/')
print((u[0], u[2], u[4], s[0] * s[3]))
"""

# Defines look(path): a line (name, size, sha256) for each file there; directories as (name, -1, '').
ASK_FILES = """
import os, hashlib, binascii
b = memoryview(bytearray(512))
def show(p):
    h = hashlib.sha256()
    z = 0
    with open(p, 'rb') as f:
        while True:
            n = f.readinto(b)
            if not n:
                break
            h.update(b[:n])
            z += n
    print((p, z, binascii.hexlify(h.digest()).decode()))
def walk(d):
    print((d, -1, ''))
    for e in os.ilistdir(d):
        p = d + '/' + e[0]
        walk(p) if e[1] & 0x4000 else show(p)
def look(p):
    try:
        m = os.stat(p)[0]
    except OSError:
        return
    walk(p) if m & 0x4000 else show(p)
"""

# -> can it be imported? What is broken raises whatever it likes.
ASK_UMQTT = """
try:
    import umqtt.simple
    print(True)
except Exception:
    print(False)
"""

# 17: it is there already.
MAKE_DIRECTORY = """
import os
try:
    os.mkdir(%r)
except OSError as e:
    if e.errno != 17:
        raise
"""

RENAME = "import os\nos.rename(%r, %r)"
