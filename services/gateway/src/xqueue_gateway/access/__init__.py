"""Who may pass: keys, tokens, roles, rates, and the trail of administrative acts."""
