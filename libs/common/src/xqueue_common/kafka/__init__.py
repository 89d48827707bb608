"""Thin adapters over aiokafka with settings that lose nothing (its defaults do)."""
