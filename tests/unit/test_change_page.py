"""The page of an API change: the site's form, what is ours, and the command that writes it."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from change_models import DAY, GOLDEN, PROSE, described, golden_page, page_of, workshop, write_model
from minispec import Spec, one_structure
from pairs.seed_page import same_page

from aiobotantic_codegen.changes.page import parse_page
from aiobotantic_codegen.changes.render import OWN_HEADING, as_html, as_text

PAIR = {
    "metadata": {"serviceFullName": "Pair"},
    "operations": {"Send": {"input": "Sent", "output": "Received"}},
}


def changes(folder: Path, old: Spec, new: Spec) -> str:
    """Return what a page says between a method's heading and the method's reference."""
    text = as_text(page_of(folder, old, new))
    return text.partition(" Link ¶\n")[2].partition("\n\n")[0]


def pair(sent: Any, received: Any, shapes: dict[str, Any]) -> Spec:
    """Return a spec of one operation from the members of what goes and of what comes."""
    both = {"Sent": {"members": sent}, "Received": {"members": received}}
    return {**PAIR, "shapes": both | shapes}


def own(text: str) -> str:
    """Return what is ours of a page of text."""
    return text.partition(f"\n{OWN_HEADING}\n")[2]


def test_text_is_the_golden_page(tmp_path: Path) -> None:
    assert golden_page(tmp_path) == GOLDEN.read_text("utf-8")


def test_new_methods_come_first_and_count_first(tmp_path: Path) -> None:
    page = page_of(tmp_path, workshop(new=False), workshop(new=True))

    assert page.header == "undated - Amazon Workshop - 1 new 2 updated api methods"
    assert [(m.name, m.status) for m in page.methods] == [
        ("SellBench", "new"),
        ("MakeBench", "updated"),
        ("ListBenches", "updated"),
    ]


def test_a_header_of_one_method_is_the_sites(tmp_path: Path) -> None:
    old = one_structure({"A": "String"}, metadata={"serviceFullName": "Pair"})
    new = one_structure({"A": "String", "B": "String"}, metadata={"serviceFullName": "Pair"})

    page = page_of(tmp_path, old, new, title="Our  Pair", day=DAY)

    assert page.header == "2024/02/03 - Our Pair - 1 updated api methods"


def test_one_dict_for_both_directions(tmp_path: Path) -> None:
    old, new = one_structure({"A": "String"}), one_structure({"A": "String", "B": "Integer"})

    assert changes(tmp_path, old, new) == "Changes (both)\n{'B': 'integer'}"


def test_two_dicts_where_the_directions_differ(tmp_path: Path) -> None:
    old = pair({"A": "String"}, {"A": "String"}, {})
    new = pair({"A": "String", "B": "Long"}, {"A": "String", "C": "Blob"}, {})

    assert changes(tmp_path, old, new) == (
        "Changes (request, response)\nRequest\n{'B': 'long'}\nResponse\n{'C': 'blob'}"
    )


def test_lists_and_maps_of_what_was_there_leave_no_mark(tmp_path: Path) -> None:
    shapes: dict[str, Any] = {
        "Rows": {"member": "ByName"},
        "ByName": {"key": "Name", "value": "Row"},
        "Name": {"enum": ["a"]},
        "Row": {"members": {"Mode": "Mode"}},
        "Mode": {"enum": ["on"]},
    }
    old = pair({"Rows": "Rows"}, {}, shapes)
    new = pair({"Rows": "Rows"}, {}, shapes | {"Mode": {"enum": ["on", "off", "auto"]}})

    assert changes(tmp_path, old, new) == ("Changes (request)\n{'Rows': {'Mode': {'auto', 'off'}}}")


def test_the_keys_of_a_map_may_be_what_is_new(tmp_path: Path) -> None:
    shapes = {"ByName": {"key": "Name", "value": "String"}, "Name": {"enum": ["a"]}}
    old = pair({"Names": "ByName"}, {}, shapes)
    new = pair({"Names": "ByName"}, {}, shapes | {"Name": {"enum": ["a", "b"]}})

    assert changes(tmp_path, old, new) == "Changes (request)\n{'Names': {'b'}}"


def test_new_members_show_what_they_hold(tmp_path: Path) -> None:
    shapes: dict[str, Any] = {
        "Tree": {"members": {"Leaf": "Leaf", "Left": "Tree", "Rest": "Trees", "Empty": "Empty"}},
        "Trees": {"member": "Tree"},
        "Leaf": {"enum": ["green", "red"]},
        "Empty": {"members": {}},
        "Flags": {"key": "Leaf", "value": "Boolean"},
    }
    old = pair({"A": "String"}, {}, shapes)
    new = pair({"A": "String", "Tree": "Tree", "Flags": "Flags"}, {}, shapes)

    assert changes(tmp_path, old, new) == (
        "Changes (request)\n"
        "{'Flags': {'green | red': 'boolean'},\n"
        " 'Tree': {'Empty': {}, 'Leaf': 'green | red', 'Left': (), 'Rest': [()]}}"
    )


def test_a_new_member_that_leads_back_up_is_a_recursion(tmp_path: Path) -> None:
    old = pair({"Rule": "Rule"}, {}, {"Rule": {"members": {"Name": "String"}}})
    new = pair({"Rule": "Rule"}, {}, {"Rule": {"members": {"Name": "String", "Not": "Rule"}}})

    assert changes(tmp_path, old, new) == "Changes (request)\n{'Rule': {'Not': ()}}"


def test_new_arms_of_a_union_and_new_events_are_shown(tmp_path: Path) -> None:
    def spec(*names: str) -> Spec:
        members = dict.fromkeys(names, "Word")
        shapes: dict[str, Any] = {
            "Choice": {"members": members, "union": True, "documentation": "<p>One.</p>"},
            "Stream": {"members": members, "eventstream": True},
            "Word": {"members": {"Said": "String"}, "event": True},
        }
        return pair({"Choice": "Choice"}, {"Stream": "Stream"}, shapes)

    page = page_of(tmp_path, spec("A"), spec("A", "B"))
    text = as_text(page)

    assert [change.text for change in page.methods[0].changes] == [
        "{'Choice': {'B': {'Said': 'string'}}}",
        "{'Stream': {'B': {'Said': 'string'}}}",
    ]
    assert "Only one of the following top level keys can be set: A, B." in " ".join(text.split())
    assert "EventStream({" in text
    assert "'SDK_UNKNOWN_MEMBER'" not in text
    assert ":class:" not in text
    assert "Stream (EventStream) --" in text


def test_streams_and_documents_are_named(tmp_path: Path) -> None:
    shapes: dict[str, Any] = {
        "Body": {"type": "blob", "streaming": True},
        "Json": {"members": {}, "document": True},
    }
    body = {"Body": described("Body", "<p>Bytes.</p>", streaming=True), "Any": "Json"}
    old = pair(body, body, shapes)
    new = pair({**body, "New": "String"}, body, shapes)
    for spec in (old, new):
        spec["shapes"]["Sent"]["payload"] = spec["shapes"]["Received"]["payload"] = "Body"

    text = as_text(page_of(tmp_path, old, new))

    assert "Body=b'bytes'|file" in text
    assert "'Body': StreamingBody()" in text
    assert "type Any:\n\ndocument\n" in text


def test_what_the_site_cannot_show_is_ours(tmp_path: Path) -> None:
    page = page_of(tmp_path, workshop(new=False), workshop(new=True))
    text = as_text(page)
    ours = own(text)

    assert "  • breaking: MakeBench request: Kind: enum value removed: ash\n" in ours
    assert "  • breaking: BurnBench operation: operation removed\n" in ours
    assert "  • breaking: ListBenches request: Colour: member removed\n" in ours
    assert "constraint: ListBenches request: Size: constraint tightened: max=10 -> max=5" in ours
    assert "breaking (semver: major)" in ours
    assert "  • `Kind` loses `ASH`\n    • Workshop.make_bench(kind)\n" in ours
    assert "removed" not in text.removesuffix(ours)


def test_html_keeps_what_is_ours_in_a_section(tmp_path: Path) -> None:
    page = page_of(tmp_path, workshop(new=False), workshop(new=True))

    before, mark, ours = as_html(page).partition('<section class="beyond">')

    assert mark
    assert "enum value removed: ash" in ours
    assert "<code>Kind</code> loses <code>ASH</code>" in ours
    assert "removed" not in before


def test_a_change_that_only_takes_away_has_no_method(tmp_path: Path) -> None:
    old = one_structure({"A": "String", "B": "String"})

    page = page_of(tmp_path, old, one_structure({"A": "String"}))

    assert page.header == "undated - Mini Service - 0 updated api methods"
    assert "breaking: Send request: B: member removed" in own(as_text(page))


def test_html_and_text_say_the_same(tmp_path: Path) -> None:
    page = page_of(tmp_path, workshop(new=False), workshop(new=True), prose=PROSE)
    html = as_html(page).partition("<body>")[2].partition('<section class="beyond">')[0]
    text = as_text(page).removeprefix(page.title).partition(OWN_HEADING)[0].replace("•", "")

    assert unescape(re.sub("<[^>]*>", "", html)).split() == text.split()


def test_a_page_can_be_read_back(tmp_path: Path) -> None:
    page = page_of(tmp_path, workshop(new=False), workshop(new=True), prose=PROSE, day=DAY)
    told = [
        (entry.operation, entry.direction, entry.path, entry.kind)
        for entry in page.difference.entries
        if entry not in page.unshown
    ]

    from_text, from_html = (parse_page(form(page), "page") for form in (as_text, as_html))

    assert from_text == from_html
    assert (from_text.date, from_text.sentence) == (DAY, PROSE)
    read = [
        (entry.operation, entry.direction, entry.path, entry.kind) for entry in from_text.entries
    ]
    assert sorted(read) == sorted(told)


def test_a_published_page_with_a_dict_for_each_direction_lacks_one_heading(tmp_path: Path) -> None:
    old, new = pair({}, {}, {}), pair({"B": "Long"}, {"C": "Blob"}, {})
    published = (
        "undated - Pair - 1 updated api methods\n{'B': 'long'}\nResponse {'C': 'blob'}\n"
        "Request Syntax\nclient.send( B=123 )\ninteger\ndict\nResponse Syntax\n"
        "{ 'C': b'bytes' }\nResponse Structure\n(dict) --\nC (bytes) --\n"
    )

    assert same_page(as_html(page_of(tmp_path, old, new)), published) == []


def test_a_page_that_differs_is_told(tmp_path: Path) -> None:
    html = as_html(page_of(tmp_path, one_structure({"A": "String"}), one_structure({"B": "Long"})))
    published = (
        "undated - Mini Service - 1 updated api methods\n{'B': 'long'}\nRequest Syntax\n"
        "client.send( B=123 )\ninteger\ndict\nResponse Syntax\n{ 'B': 123 }\n"
        "Response Structure\n(dict) --\nB (integer) --\n"
    )

    assert same_page(html, published) == []
    (told,) = same_page(html, published.replace("B=123", "C=123"))
    assert told.startswith("send: at ")
    assert "B=123" in told
    assert "C=123" in told


class _Balance(HTMLParser):
    """Finds elements that are closed in another order than they were opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for key, value in attrs if key == "id" and value]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.wrong.append(tag)


def test_html_is_one_whole_file(tmp_path: Path) -> None:
    html = as_html(page_of(tmp_path, workshop(new=False), workshop(new=True), prose="A < B"))
    balance = _Balance()
    balance.feed(html)

    assert (balance.open, balance.wrong) == ([], [])
    assert len(balance.ids) == len(set(balance.ids)) == 3
    assert html.startswith("<!doctype html>")
    assert "A &lt; B" in html
    assert not [word for word in ("<script", "<link", "src=", "url(", "@import") if word in html]


def command(*words: str | Path, hash_seed: str = "0") -> subprocess.CompletedProcess[str]:
    """Run the command."""
    line = [sys.executable, "-m", "aiobotantic_codegen.cli", "changes", "page", *map(str, words)]
    return subprocess.run(
        line, capture_output=True, text=True, check=False, env={"PYTHONHASHSEED": hash_seed}
    )


@pytest.mark.parametrize("form", ["--html", "--text"])
def test_the_same_models_give_the_same_bytes(tmp_path: Path, form: str) -> None:
    old = write_model(tmp_path / "old", workshop(new=False))
    new = write_model(tmp_path / "new", workshop(new=True))

    pages = {command(old, new, form, hash_seed=seed).stdout for seed in ("1", "2")}

    (page,) = pages
    assert "undated - Amazon Workshop - 1 new 2 updated api methods" in page


@pytest.mark.parametrize("there", [False, True])
def test_the_command_writes_a_file(tmp_path: Path, there: bool) -> None:
    old = write_model(tmp_path / "old", workshop(new=False))
    new = write_model(tmp_path / "new", workshop(new=True))
    out = tmp_path / "page.txt"
    if there:
        out.write_text("before")
        out.chmod(0o640)

    done = command(
        old,
        new,
        "--out",
        out,
        "--date",
        "2024-02-03",
        "--changes",
        "So  be\nit.",
        "--title",
        "Mine",
    )

    assert done.stdout == f"{out}: 2024/02/03 - Mine - 1 new 2 updated api methods\n"
    assert done.returncode == 0
    assert "\n\nChanges  So be it.\n\nSellBench (new) Link ¶\n" in out.read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old", "page.txt"]
    assert not there or out.stat().st_mode & 0o777 == 0o640


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    model = write_model(tmp_path, workshop(new=True))
    out = tmp_path / "none" / "page.txt"

    done = command(model, model, "--out", out)

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {out}: No such file or directory: {out.parent}/")
    assert "\n  Check that the folder and the one that holds it can be written.\n" in done.stderr


def test_a_file_that_cannot_be_replaced_leaves_nothing_beside_it(tmp_path: Path) -> None:
    model = write_model(tmp_path, workshop(new=True))
    out = tmp_path / "folder"
    out.mkdir()

    done = command(model, model, "--out", out)

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {out}: Is a directory: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "service-2.json"]


def test_a_date_that_is_none_is_refused(tmp_path: Path) -> None:
    model = write_model(tmp_path, workshop(new=True))

    done = command(model, model, "--date", "2024-02-30")

    assert done.returncode == 2
    assert "--date" in done.stderr
    assert "%Y-%m-%d" in done.stderr
