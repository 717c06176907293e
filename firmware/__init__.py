"""pylon2mqtt: Pylontech batteries to MQTT, on an ESP32."""

__version__ = "0.2.0"
__url__ = ""  # where its source is published; Home Assistant shows it
