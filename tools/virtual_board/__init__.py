"""An ESP32 on this PC: MicroPython's unix port with the modules it lacks, and the runner that starts and resets it."""
