"""botocore as an independent client, with the model that specs/ holds instead of its own."""

import json
import shutil
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

SPECS = Path(__file__).parents[2] / "specs"
ROLE = "arn:aws:iam::123456789012:role/tester"


def botocore_data(folder: Path, service: str = "sagemaker") -> Path:
    """Lay a service of specs/ out as botocore's data folder."""
    version = json.loads((SPECS / service / "service-2.json").read_text("utf-8"))["metadata"]
    shutil.copytree(SPECS / service, folder / service / version["apiVersion"])
    return folder


def botocore_client(url: str, data: Path, service: str = "sagemaker", **config: Any) -> Any:
    """Return a botocore client of a server; it blocks, so call it in a thread."""
    session = Session()
    session.register_component("data_loader", Loader(extra_search_paths=[str(data)]))
    return session.create_client(
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
        config=Config(retries={"total_max_attempts": 1}, **config),
    )
