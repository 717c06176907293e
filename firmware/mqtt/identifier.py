"""What a rack is called among all that a broker knows. Loaded at the start."""

from binascii import crc32


def identifier(root, rack):
    """`root` (mqtt_root) and `rack` (rack_name) -> an id of letters, digits, "_" and "-"; no two racks have the same.
    """
    plain = ""
    for char in "%s_%s" % (root, rack):
        plain += char if "0" <= char <= "9" or "A" <= char <= "Z" or "a" <= char <= "z" or char in "-_" else "_"
    if plain.count("_") > 1:  # else it is the only one: "_" can stand for different characters
        plain += "_%08x" % (crc32(("%s/%s" % (root, rack)).encode()) & 0xFFFFFFFF)
    return plain
