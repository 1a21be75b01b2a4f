"""How fast outputs are written under a constraint, on a real model."""
