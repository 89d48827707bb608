"""The notifier: ``xq.status`` and ``xq.progress`` to MQTT and to the history.

Each sink reads for itself, in a consumer group of its own: a slow or dead one delays no other.
"""
