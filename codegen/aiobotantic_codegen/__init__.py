"""The generator of AWS clients: specs in, a package out."""

from aiobotantic_codegen._version import __version__ as __version__
