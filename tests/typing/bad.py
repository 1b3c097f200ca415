"""What users get wrong. Each mistake names what each checker must say about its line."""

from __future__ import annotations

from aiosagemaker import SageMaker, SageMakerRuntime
from aiosagemaker.sagemaker import models
from aiosagemaker.sagemaker.models import (
    CreateNotebookInstanceInput,
    DescribeNotebookInstanceOutput,
    InstanceType,
    ListNotebookInstancesInput,
    NotebookInstanceStatus,
    Tag,
    VpcConfig,
)


async def arguments(client: SageMaker, name: str | None) -> None:
    await client.stop_notebook_instance(notebook_instance_nam="nb")  # error: notebook_instance_nam
    await client.stop_notebook_instance()  # error: notebook_instance_name
    await client.stop_notebook_instance("nb")  # error: positional arguments
    await client.stop_notebook_instance(notebook_instance_name=1)  # error: "str"
    await client.stop_notebook_instance(notebook_instance_name=None)  # error: "None"
    await client.stop_notebook_instance(notebook_instance_name=name)  # error: "str | None"
    await client.stop_notebook_instances(notebook_instance_name="nb")  # error: stop_notebook_instances
    await client.create_tags()  # error: create_tags
    await client.add_tags(resource_arn="a", tags=Tag(key="k", value="v"))  # error: "Sequence[Tag]"
    await client.add_tags(resource_arn="a", tags=[{"Key": "k", "Value": "v"}])  # error: dict[str, str]
    await client.list_notebook_instances(max_results="10")  # error: "int | None"
    await client.list_notebook_instances(creation_time_after="2020-01-01")  # error: "datetime | None"
    await client.list_notebook_instances(status_equals=InstanceType.ML_T2_MEDIUM.is_known)  # error: "bool"


def structures(tag: Tag, output: DescribeNotebookInstanceOutput) -> str:
    Tag(key="k")  # error: "value"
    Tag(key=None, value="v")  # error: "key"
    Tag("k", "v")  # error: positional arguments
    Tag(Key="k", value="v")  # error: "Key"
    VpcConfig(security_group_ids=["sg"], subnets=[1])  # error: "str"
    CreateNotebookInstanceInput(notebook_instance_name="n", instance_type=1, role_arn="r")  # error: instance_type
    CreateNotebookInstanceInput(notebook_instance_name="n", instance_type=None, role_arn="r")  # error: instance_type
    ListNotebookInstancesInput(status_equals=1)  # error: status_equals
    tag.key = 1  # error: "str"
    tag.colour = "red"  # error: "colour"
    print(output.instance_typ)  # error: "instance_typ"
    print(models.CreateNotebookInstanceImput)  # error: CreateNotebookInstanceImput
    print(InstanceType.ML_P9_HUGE)  # error: ML_P9_HUGE
    return output.notebook_instance_name  # error: "str | None"


async def other_doors(client: SageMaker, tag: Tag) -> None:
    await client.send(tag)  # error: "Tag"
    await client.wire.create_notebook(NotebookInstanceName="nb")  # error: create_notebook
    await client.wire.describe_tags(ResourceArn="a")  # error: describe_tags
    also: Tag = await client.wire.list_tags(ResourceArn="a")  # error: ListTagsOutput
    client.with_options(validation="loose")  # error: loose
    SageMaker(region="us-east-1")  # error: "region"
    client.iter_tags(resource_arn="a", max_results=1)  # error: max_results
    async for item in client.iter_tags(resource_arn="a"):
        print(item.name)  # error: "name"
    gone = await client.wait_until_endpoint_deleted(endpoint_name="e")
    print(gone.endpoint_name)  # error: endpoint_name
    print(also)


async def bodies(runtime: SageMakerRuntime) -> None:
    await runtime.invoke_endpoint(endpoint_name="e", body="text")  # error: "body"
    await runtime.invoke_endpoint(endpoint_name="e", text=b"bytes")  # error: "str | None"
    await runtime.invoke_endpoint(json={})  # error: endpoint_name


# Checkers take an enum for closed: they ask for `case _` only where a listed value has no case.
def closed(status: NotebookInstanceStatus) -> str:  # error: return
    match status:  # pyright: do not exhaustively handle all values
        case NotebookInstanceStatus.PENDING:
            return "soon"
