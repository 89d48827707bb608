"""Who goes first where all share the cores, as in nice(1): for whom somebody waits, then who decides.

On a machine that is busy to the brim a task is taken in as fast as ever; what follows finds more to do at once.
"""

ANSWERS = 0
"""The gateway, and Kafka, without which nothing is taken in."""
DECIDES = 4
"""The scheduler with its Redis."""
COMPUTES = 6
"""Workers: handlers may take all that is left."""
TELLS = 8
"""The notifier with its broker, and history."""
