"""MQTT: every version of every task, and progress, to whoever subscribed."""
