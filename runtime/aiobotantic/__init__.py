"""The runtime that generated AWS clients stand on."""

from aiobotantic._version import __version__ as __version__
