"""Pages of API changes: each form to its record, and no wrong record from a damaged page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiobotantic_codegen.changes.page import Method, Page, Status, parse_page
from aiobotantic_codegen.changes.record import ChangeClass, Direction, Kind
from aiobotantic_codegen.changes.syntax import SyntaxKind
from aiobotantic_codegen.errors import PageError

PAGES = Path(__file__).resolve().parent.parent / "pages"
SEED = (PAGES / "2023-05-26-sagemaker.txt").read_text("utf-8")
TOYS = (PAGES / "toys.txt").read_text("utf-8")
TOYS_HTML = (PAGES / "toys.html").read_text("utf-8")
TOYS_BARE = (PAGES / "toys-bare.txt").read_text("utf-8")
LINES = SEED.split("\n")
TRUE = parse_page(SEED, "page.txt")

NEW_TYPES = (
    "ml.inf1.xlarge",
    "ml.inf1.2xlarge",
    "ml.inf1.6xlarge",
    "ml.inf1.24xlarge",
    "ml.p4d.24xlarge",
    "ml.p4de.24xlarge",
)
DEEP = "InfrastructureConfig.RealTimeInferenceConfig.InstanceType"
PLACES = [
    ("CreateInferenceExperiment", "request", f"ModelVariants[].{DEEP}"),
    ("CreateNotebookInstance", "request", "InstanceType"),
    ("DescribeInferenceExperiment", "response", f"ModelVariants[].{DEEP}"),
    ("DescribeNotebookInstance", "response", "InstanceType"),
    ("ListNotebookInstances", "response", "NotebookInstances[].InstanceType"),
    ("StopInferenceExperiment", "request", f"DesiredModelVariants[].{DEEP}"),
    ("UpdateInferenceExperiment", "request", f"ModelVariants[].{DEEP}"),
    ("UpdateNotebookInstance", "request", "InstanceType"),
]

MEASURES = (
    "PERCENT_OF_CAPACITY",
    "NUMBER_OF_INSTANCES",
    "NUMBER_OF_BYTES_IN_USE",
    "NONE_OF_THESE",
)
STATES = ("mint-in-box", "broken")
TOY_FACTS = [
    ("DeleteToy", "operation", "", "operation_added", ()),
    ("ListToys", "operation", "", "operation_added", ()),
    ("CreateToy", "request", "Labels", "member_added", ("list",)),
    ("CreateToy", "request", "Measure", "member_added", MEASURES),
    ("CreateToy", "request", "Packing", "member_added", ("structure",)),
    ("CreateToy", "request", "Parts", "member_added", ("list",)),
    ("CreateToy", "request", "Picture", "member_added", ("blob",)),
    ("CreateToy", "request", "Prices", "member_added", ("map",)),
    ("GetToy", "response", "Body", "member_added", ("blob",)),
    ("GetToy", "response", "Stock{}[].State", "enum_value_added", STATES),
    ("SearchToys", "request", "Filter.States[]", "enum_value_added", STATES),
    ("SearchToys", "response", "Shelves[].State", "enum_value_added", STATES),
    ("SearchToys", "response", "Total", "member_added", ("integer",)),
    ("UpdateToy", "request", "State", "enum_value_added", STATES),
    ("UpdateToy", "response", "State", "enum_value_added", STATES),
]


def facts(page: Page) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    return [
        (entry.operation, str(entry.direction), entry.path, str(entry.kind), entry.values)
        for entry in page.entries
    ]


def method(page: Page, name: str) -> Method:
    return next(method for method in page.methods if method.operation == name)


def without_sentence(page: Page) -> Page:
    return page.model_copy(update={"sentence": ""})


def problem(text: str) -> str:
    with pytest.raises(PageError) as caught:
        parse_page(text, "page.txt")
    assert caught.value.remedy
    return str(caught.value).split("\n")[0]


def test_the_page_that_lost_its_headings_is_read() -> None:
    assert TRUE.date.isoformat() == "2023-05-26"
    assert TRUE.service == "Amazon SageMaker Service"
    assert TRUE.title == "2023/05/26 - Amazon SageMaker Service - 8 updated api methods"
    assert TRUE.sentence == "Some values are new."
    assert [entry.place for entry in TRUE.entries] == PLACES
    assert {entry.values for entry in TRUE.entries} == {NEW_TYPES}
    assert {entry.kind for entry in TRUE.entries} == {Kind.ENUM_VALUE_ADDED}
    assert {entry.change_class for entry in TRUE.entries} == {ChangeClass.ADDITIVE}
    assert {method.status for method in TRUE.methods} == {Status.UPDATED}
    assert TRUE.methods[4].method == "list_notebook_instances"


def test_syntax_blocks_and_their_documentation_make_trees() -> None:
    create, stop = method(TRUE, "CreateInferenceExperiment"), TRUE.methods[5]
    request = create.request_syntax

    schedule = request.at("Schedule.StartTime")
    assert schedule and (schedule.kind, schedule.type) == (SyntaxKind.TIMESTAMP, "datetime")
    variants = request.at("ModelVariants")
    assert variants and (variants.kind, variants.type) == (SyntaxKind.LIST, "list")
    types = request.at(f"ModelVariants[].{DEEP}")
    assert types and types.kind is SyntaxKind.ENUM
    assert types.values[-6:] == NEW_TYPES
    actions = stop.request_syntax.at("ModelVariantActions{}")
    assert actions and actions.values == ("Retain", "Remove", "Promote")
    assert request.at("ModelVariants{}") is None
    assert request.at("ModelVariants[].Nothing.At.All") is None
    assert create.response_syntax and create.response_syntax.members[0].syntax.type == "string"


@pytest.mark.parametrize("text", [TOYS, TOYS_HTML], ids=["text", "html"])
def test_pages_with_headings_are_read(text: str) -> None:
    page = parse_page(text, "page")

    assert facts(page) == TOY_FACTS
    assert (page.service, page.sentence) == ("Toy Store Service", "Toys have states.")
    assert page.title == "2023/05/26 - Toy Store Service - 2 new 4 updated api methods"


def test_text_and_html_say_the_same() -> None:
    assert parse_page(TOYS, "page") == parse_page(TOYS_HTML, "page")


def test_a_page_without_headings_says_the_same_but_names() -> None:
    full, bare = parse_page(TOYS, "page"), parse_page(TOYS_BARE, "page")

    assert bare.methods == full.methods[:-1]  # the last one says `both` in its label alone


def test_types_that_only_the_documentation_tells() -> None:
    page = parse_page(TOYS, "page")
    request, response = method(page, "CreateToy").request_syntax, method(page, "GetToy")

    kinds = {
        path: (syntax.kind.value, syntax.type)
        for path in ("Parts[].Weight", "Parts[].Parts", "Picture", "Packing.Serial", "Prices{}")
        if (syntax := request.at(path))
    }
    assert kinds == {
        "Parts[].Weight": ("other", "float"),
        "Parts[].Parts": ("recursion", "list"),
        "Picture": ("blob", "bytes"),
        "Packing.Serial": ("integer", "integer"),
        "Prices{}": ("float", "float"),
    }
    assert response.response_syntax
    body, extra = response.response_syntax.at("Body"), response.response_syntax.at("Extra")
    assert body and (body.kind, body.type) == (SyntaxKind.STREAM, "bytes")
    assert extra and (extra.kind, extra.members) == (SyntaxKind.STRUCTURE, ())
    assert method(page, "DeleteToy").response_syntax is None


def test_required_is_said_of_what_is_new() -> None:
    page = parse_page(TOYS, "page")
    create, delete = (method(page, name).request_syntax for name in ("CreateToy", "DeleteToy"))
    packing = create.at("Packing")

    assert [member.required for member in delete.members] == [True]
    assert packing and [member.required for member in packing.members] == [True] + [False] * 5
    assert {member.name: member.required for member in create.members} == {
        "Name": None,  # it existed: the model knows
        "Packing": False,
        "Labels": False,
        "Prices": False,
        "Parts": False,
        "Measure": False,
        "Picture": False,
    }


def test_the_record_survives_json() -> None:
    again = Page.model_validate_json(TRUE.model_dump_json(by_alias=True))

    assert again.model_copy(update={"place": "page.txt"}) == TRUE


def test_added_values_may_be_printed_as_lists() -> None:
    stored = re.sub(r"\{('[^{}:.]*')\}", r"[\1]", TOYS)

    assert "['broken', 'mint-in-box']" in stored
    assert facts(parse_page(stored, "page")) == TOY_FACTS


def call(
    change: str, request: str, response: str, *, docs: str = "", returns: str = "", head: str = ""
) -> str:
    """A page of one updated method, without headings."""
    return "\n".join(
        [
            "2024/01/02 - Toy Store Service - 1 updated api methods",
            *filter(None, [head]),
            change,
            "Request Syntax",
            f"client.get_toy( {request} )",
            *filter(None, docs.split(";")),
            "dict",
            "Response Syntax",
            response,
            "Response Structure",
            "(dict) --",
            *filter(None, returns.split(";")),
        ]
    )


def test_two_changes_without_labels_are_the_request_and_the_response() -> None:
    page = parse_page(
        call(
            "{'A': {'y'}}\n{'B': {'z'}}",
            "A='x'|'y'",
            "{ 'B': 'x'|'z' }",
            docs="string",
            returns="B (string) --",
        ),
        "page",
    )

    assert facts(page) == [
        ("GetToy", "request", "A", "enum_value_added", ("y",)),
        ("GetToy", "response", "B", "enum_value_added", ("z",)),
    ]


def test_both_directions_can_stand_in_one_literal() -> None:
    page = parse_page(
        call(
            "{'request': {'A': {'y'}}, 'response': {'B': 'string'}}",
            "A='x'|'y'",
            "{ 'B': 'string' }",
            docs="string",
            returns="B (string) --",
        ),
        "page",
    )

    assert [entry.place for entry in page.entries] == [
        ("GetToy", "request", "A"),
        ("GetToy", "response", "B"),
    ]


def test_the_direction_is_where_the_values_are() -> None:
    page = parse_page(
        call("{'A': {'y'}}", "A='x'", "{ 'A': 'x'|'y' }", docs="string", returns="A (string) --"),
        "page",
    )

    assert page.entries[0].place == ("GetToy", Direction.RESPONSE, "A")


def test_a_direction_that_the_page_does_not_say_is_not_guessed() -> None:
    text = call(
        "{'A': {'y'}}", "A='x'|'y'", "{ 'A': 'x'|'y' }", docs="string", returns="A (string) --"
    )

    assert problem(text) == (
        "page.txt, line 2: GetToy: the request and the response both have A, and the page does not "
        "say which of them changed"
    )


def test_a_list_of_one_value_is_not_guessed() -> None:
    text = call("{'A': ['x']}", "A=[ 'x', ]", "{}", docs="list;(string) --")

    assert "A can be a new member, or one that existed and got values" in problem(text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            "{'B': 'string'}",
            "line 2: GetToy: the request syntax has no B; the response syntax has no B",
        ),
        ("{'A': {'z'}}", "z was added to A, but the request syntax does not list it"),
        ("{'A': 'x'}", "A is enum in the request syntax, 'x' here"),
        ("{'A': 'boolean'}", "A is enum in the request syntax, 'boolean' here"),
        ("{'A': {'x', 'x'}}", "line 2: an added value stands twice"),
        ("{'A': {'x'}, 'A': {'y'}}", "line 2: the changed member A stands twice"),
        ("{'A': {'x'}} and", "line 2: ' and' stands behind a code block"),
        ("{'A': {'x\u2011y'}}", "line 2: 'x\u2011y' is no name or value of AWS's"),
        ("{'A': \u2018x\u2019}", "U+2018 (left single quotation mark)"),
        ("{'A': {'x'}}\n...\n{'A': {'y'}}", "line 4: changes are printed in two places"),
        ("{'A': {'x'}}\n{'A': {'x'}}", "line 3: the same change is printed twice"),
    ],
)
def test_a_change_that_the_syntax_does_not_bear_out(change: str, message: str) -> None:
    assert message in problem(call(change, "A='x'|'y'", "{}", docs="string"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "8 updated",
            "9 updated",
            "line 1: the headline says 0 new and 9 updated methods, the page",
        ),
        ("2023/05/26", "2023/13/26", "line 1: 2023/13/26 is no date"),
        (
            "26 - Amazon",
            "26 \u2013 Amazon",
            "line 1: the headline has not the form of one; the line ",
        ),
        (
            "(dict) --",
            "(dict) \u2014",
            "`(type) --`, the documentation of ModelVariants[], found '(dict)",
        ),
        (
            "InstanceCount (integer)",
            "InstanceCount (string)",
            "is integer in the syntax block, but str",
        ),
        ("'InstanceCount': 123", "'InstanceCount': 123, ", "line 10: '}' is no name of a member"),
        (
            "client.create_n",
            "client.describe_n",
            "line 294: client.describe_notebook_instance is on",
        ),
    ],
)
def test_a_contradiction_is_an_error_that_says_where(old: str, new: str, message: str) -> None:
    assert message in problem(SEED.replace(old, new, 1))


def test_one_enum_has_one_set_of_added_values() -> None:
    text = SEED.replace("'ml.inf1.xlarge', 'ml.p4d.24xlarge', ", "'ml.p4d.24xlarge', ", 1)

    assert problem(text).endswith(
        "CreateNotebookInstance and CreateInferenceExperiment print other additions to one enum: "
        "ml.inf1.xlarge"
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Changes (both)\n", "", "expected a label such as `Changes (request)` before this"),
        ("Changes (response)", "Changes (request)", "GetToy: the request syntax has no Body"),
        ("Changes (both)", "Changes (request, response)", "one change is printed"),
        ("GetToy (updated) Link", "GetToys (updated) Link", "get_toy is not the method of GetToys"),
        ("GetToy (updated) Link \u00b6\n", "", "line 273: expected a heading such as"),
        ("GetToy (updated)", "GetToy (new)", "changes are printed for a method that is new"),
        ("DeleteToy (new)", "DeleteToy (updated)", "the updated method DeleteToy has no changes"),
        ("type Limit:", "type Other:", "expected `type Limit:`, found 'type Other:'"),
        ("rtype:\n", "", "expected `rtype:` of list_toys before this"),
    ],
)
def test_labels_and_headings_must_agree(old: str, new: str, message: str) -> None:
    assert message in problem(TOYS.replace(old, new, 1))


def test_html_that_is_cut_has_open_tags() -> None:
    cut = TOYS_HTML[: TOYS_HTML.rindex("</ul>")]

    assert re.search(r"the page ends here, but the <ul> of line \d+ is still open", problem(cut))


def test_a_page_of_several_changes_is_refused() -> None:
    assert "line 585: a second headline is on the page" in problem(f"{SEED}\n{SEED}")


def test_a_page_may_leave_out_long_documentation() -> None:
    note = "# This section is too large to render."
    text = call("{'A': {'y'}}", "A='x'|'y'", "{ 'B': 'string' }", docs="string")
    cut = text[: text.index("Response Structure")]

    page = parse_page(f"{cut}**Response Structure**\n::\n{note}\n", "page")
    assert page.methods[0].response_syntax and page.methods[0].response_syntax.type == ""
    gone = text[: text.index("{ 'B'")]
    assert "the page leaves this syntax out because it is long" in problem(f"{gone}{note}\n")


def test_a_method_listed_as_new_and_as_updated_is_new() -> None:
    twin = "\n".join(
        [
            "2024/01/02 - Toy Store Service - 1 new1 updated api methods",
            *("Request Syntax", "client.get_toy( A='x'|'y' )", "string", "None"),
            *("{'A': {'y'}}", "Request Syntax", "client.get_toy( A='x'|'y' )", "string", "None"),
        ]
    )

    assert facts(parse_page(twin, "page")) == [("GetToy", "operation", "", "operation_added", ())]


def test_names_are_resolved_by_a_model() -> None:
    text = call("{'A': {'y'}}", "A='x'|'y'", "{}", docs="string").replace(
        "get_toy(", "get_mfa_toy("
    )
    page = parse_page(text, "page.txt")

    assert page.methods[0].operation == "GetMfaToy"
    resolved = page.resolve(["GetMFAToy", "ListToys"])
    assert resolved.methods[0].operation == resolved.entries[0].operation == "GetMFAToy"
    assert page.resolve({"get_mfa_toy": "GetMFAToy"}) == resolved
    with pytest.raises(PageError, match=r"page.txt: the model has no operation for client.get_mfa"):
        page.resolve(["ListToys"])


def holds(text: str) -> None:
    """A damaged page gives an error, or the truth."""
    try:
        page = parse_page(text, "page.txt")
    except PageError as error:
        assert re.match(r"page\.txt, line \d+: .+\n  .+", str(error))
    else:
        assert without_sentence(page) == without_sentence(TRUE)


def less_and_twice(index: int) -> tuple[str, str]:
    """The page without one line, and with that line doubled."""
    return (
        "\n".join(LINES[:index] + LINES[index + 1 :]),
        "\n".join(LINES[: index + 1] + LINES[index:]),
    )


def test_a_line_of_prose_less_or_twice() -> None:
    for index in [index for index, line in enumerate(LINES) if line == "..."][::9]:
        for text in less_and_twice(index):
            assert parse_page(text, "page.txt") == TRUE


def test_a_line_that_says_something_less_or_twice() -> None:
    for index in [index for index, line in enumerate(LINES) if line != "..."]:
        for text in less_and_twice(index):
            holds(text)


def test_a_page_cut_at_the_end_of_any_line() -> None:
    for index in [*range(0, len(LINES) - 12, 3), *range(len(LINES) - 12, len(LINES) - 1)]:
        with pytest.raises(PageError, match=r"page\.txt, line \d+: "):
            parse_page("\n".join(LINES[:index]), "page.txt")


@settings(max_examples=150, deadline=None)
@given(end=st.integers(0, len(SEED) - 1))
@example(end=len(SEED) - 1)
@example(end=0)
def test_a_page_cut_anywhere(end: int) -> None:
    with pytest.raises(PageError):
        parse_page(SEED[:end], "page.txt")


@settings(max_examples=150, deadline=None)
@given(start=st.integers(0, len(LINES)), length=st.integers(1, 120), twice=st.booleans())
def test_a_run_of_lines_less_or_twice(start: int, length: int, twice: bool) -> None:
    rest = LINES[start:] if twice else LINES[start + length :]
    before = LINES[: start + length] if twice else LINES[:start]

    holds("\n".join(before + rest))


KIN = {"-": "\u2010\u2011\u2012\u2013\u2014\u2212", "'": "\u2018\u2019\u201c\u201d\u2032\u02bc"}


@pytest.mark.parametrize(("plain", "kin"), [(plain, kin) for plain in KIN for kin in KIN[plain]])
def test_typographic_kin_everywhere(plain: str, kin: str) -> None:
    problem(SEED.replace(plain, kin))


@settings(max_examples=100, deadline=None)
@given(data=st.data(), plain=st.sampled_from(sorted(KIN)))
def test_typographic_kin_somewhere(data: st.DataObject, plain: str) -> None:
    places = [match.start() for match in re.finditer(re.escape(plain), SEED)]
    at = data.draw(st.sampled_from(places))
    kin = data.draw(st.sampled_from(KIN[plain]))

    holds(SEED[:at] + kin + SEED[at + 1 :])
