"""The description of the API, made of the same types that read and write it."""
