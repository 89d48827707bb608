"""Reading the log for a sink: poll, decode, bury what cannot be read, tell Kafka what is done."""
