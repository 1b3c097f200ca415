"""Every benchmark: calls and starts of the peers, then the generator.

Usage: python benchmarks [--generate RUNS] [the options of calls.py]
"""

from __future__ import annotations

import calls
import generate


def main() -> None:
    """Measure, print tables, and write what was asked for."""
    reader = calls.parser()
    reader.add_argument("--generate", type=int, default=5, help="runs of the generator; 0 for none")
    given = reader.parse_args()
    measured = calls.measure(given)
    if given.generate:
        measured["generate"] = generate.measure(given.generate)
    calls.finish(given, measured)


if __name__ == "__main__":
    main()
