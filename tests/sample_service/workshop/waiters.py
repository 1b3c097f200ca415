"""Modelled waiters of Workshop."""

from aiobotantic.waiters import Acceptor, Waiter

MACHINE_DELETED = Waiter(
    "MachineDeleted",
    delay=30,
    max_attempts=60,
    acceptors=(
        Acceptor("success", "error", "MachineNotFound"),
        Acceptor("failure", "path", "Failed", "MachineStatus"),
    ),
)
MACHINE_IN_SERVICE = Waiter(
    "MachineInService",
    delay=30,
    max_attempts=60,
    acceptors=(
        Acceptor("success", "path", "InService", "MachineStatus"),
        Acceptor("failure", "path", "Failed", "MachineStatus"),
    ),
)
