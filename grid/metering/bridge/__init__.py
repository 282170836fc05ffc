"""The MQTT side of the device API: readings come from a broker, and their results go back through it."""
