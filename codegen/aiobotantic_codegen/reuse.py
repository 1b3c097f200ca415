"""What services gave to their package in an earlier run, for those that nothing has changed since.

The cache lies outside the repository and holds one entry for each service of a package. An entry
names what it was made from and its own digest, so one that is out of date or damaged is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from aiobotantic_codegen.cache import TextCache, cache_folder, generator_digest
from aiobotantic_codegen.ir.service import Service
from aiobotantic_codegen.load.documents import OverridesDocument
from aiobotantic_codegen.load.prose import Prose
from aiobotantic_codegen.load.service import LoadedService, spec_digests


@dataclass(frozen=True)
class ServiceOutput:
    """What a service gives to its package.

    Attributes:
        name: The name of its folder of specs.
        module: The name of its folder in the package.
        class_name: The name of its client.
        api_version: Of the model.
        spec_files: sha256 of each file of its specs.
        left_out: Operations that were left out, with the reasons.
        texts: Its files, formatted, by their paths below the package.
    """

    name: str
    module: str
    class_name: str
    api_version: str
    spec_files: Mapping[str, str]
    left_out: Mapping[str, str]
    texts: Mapping[str, str]


def service_output(
    loaded: LoadedService, service: Service, texts: Mapping[str, str]
) -> ServiceOutput:
    """Return what a service gave, given the formatted texts of a whole package."""
    return ServiceOutput(
        name=service.name,
        module=service.module,
        class_name=service.class_name,
        api_version=loaded.service.metadata.api_version,
        spec_files=dict(sorted(loaded.files.items())),
        left_out=service.left_out,
        texts={path: text for path, text in texts.items() if path.startswith(f"{service.module}/")},
    )


class Reuse:
    """The outputs of earlier runs.

    Args:
        specs: The folder of the specs.
        package: The name of the package, and what its docstrings say.
        overrides: Of all services.
        behaviour: The whole of behaviour.toml.
        prose: AWS's prose by service, where docstrings say it.
    """

    def __init__(
        self,
        specs: Path,
        package: tuple[str, str],
        overrides: OverridesDocument,
        behaviour: Mapping[str, object],
        prose: Mapping[str, Prose],
    ) -> None:
        self._cache = TextCache(cache_folder() / "services.sqlite")
        self._specs = specs
        self._package = " ".join(package)
        self._tables = (overrides, behaviour, prose)

    def outputs(self, names: Iterable[str]) -> dict[str, ServiceOutput]:
        """Return those that would come out the same, by service."""
        slots = {self._slot(name): name for name in names}
        found: dict[str, ServiceOutput] = {}
        for slot, text in self._cache.get(list(slots)).items():
            name = slots[slot]
            head, _, body = text.partition("\n")
            made_from, _, own = head.partition(" ")
            same = made_from == self._made_from(name, spec_digests(self._specs / name))
            if same and own == _digest(body):
                found[name] = ServiceOutput(**json.loads(body))
        return found

    def keep(self, made: Sequence[ServiceOutput], used: Iterable[str]) -> None:
        """Keep what was made, and remember which services were reused."""
        texts: dict[str, str] = {}
        for each in made:
            body = json.dumps(asdict(each))
            head = f"{self._made_from(each.name, each.spec_files)} {_digest(body)}"
            texts[self._slot(each.name)] = f"{head}\n{body}"
        if texts:
            self._cache.put(texts, [self._slot(name) for name in used])

    def _slot(self, name: str) -> str:
        return f"{self._package} {name}"

    def _made_from(self, name: str, spec_files: Mapping[str, str]) -> str:
        """Return a digest of all that reaches a service."""
        overrides, behaviour, prose = self._tables
        tables = (overrides.services.get(name), behaviour, prose.get(name))
        return _digest(
            repr((generator_digest(), self._slot(name), sorted(spec_files.items()), tables))
        )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
