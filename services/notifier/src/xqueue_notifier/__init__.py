"""The notifier: xq.status to MQTT and history."""
