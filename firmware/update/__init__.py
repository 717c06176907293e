"""Updates over the broker (mqtt.md, "Updates"). All of it is loaded only while there is one."""
