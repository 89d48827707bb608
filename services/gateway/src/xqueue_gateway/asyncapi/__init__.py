"""The description of what is told without being asked, made of the types that are told."""
