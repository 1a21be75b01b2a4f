"""Three tasks, made from a seed, with right answers that are known by construction."""

from quality.tasks.last_letters import LastLetters
from quality.tasks.orders import Orders
from quality.tasks.shuffled_objects import ShuffledObjects
from quality.tasks.task import Item, Task

__all__ = ["TASKS", "Item", "Task"]

_ALL: tuple[Task, ...] = (LastLetters(), ShuffledObjects(), Orders())
TASKS = {task.name: task for task in _ALL}
