"""Monitor-guided decoding: Python that knows more than a grammar does says what may come next.

After Agrawal et al., "Monitor-Guided Decoding of Code LMs with Static Analysis of Repository Context" (NeurIPS 2023,
arXiv 2306.10763). ``docs/monitors.md`` is the guide.
"""

from constrain.runtime.monitors.load import load_monitor
from constrain.runtime.monitors.monitor import Monitor
from constrain.runtime.monitors.watch import Watch

__all__ = ["Monitor", "Watch", "load_monitor"]
