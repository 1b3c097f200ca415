"""AWS's HTML as text of docstrings."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiobotantic_codegen.errors import SyncError
from aiobotantic_codegen.load.botocore import from_directory
from aiobotantic_codegen.load.prose import Prose, load_prose
from aiobotantic_codegen.render.literals import docstring
from aiobotantic_codegen.render.prose import Block, blocks, layout, with_facts


def text(html: str, width: int = 60) -> str:
    return layout(blocks(html), width)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("<p> </p> <p></p><ul><li></li></ul><note></note><a href='https://x.y'></a>", ""),
        ("no tags", "no tags"),
        ("<p>One \n\t two. </p> <p>Three.</p>", "One two.\n\nThree."),
        ("One<br>two<br/>three", "One\n\ntwo\n\nthree"),
        ("<p><b>Bold</b>, <i>italic</i> and <strong>s</strong>.</p>", "Bold, italic and s."),
        ("a &lt;b&gt; &amp;amp; &quot;c&quot; &#233;", 'a <b> &amp; "c" é'),
        ("\u201cquotes\u201d isn\u2019t \u2013 \u2026 a\u00a0b", '"quotes" isn\'t - ... a b'),
        ("Take <code>a</code>, or<code> b  c</code>.", "Take `a`, or `b c`."),
        ("Take <code></code>nothing <code>`</code>", "Take nothing `'`"),
        ("a ` b", "a ' b"),
        ("See <a href='https://a.b/c'>the page</a>.", "See [the page](https://a.b/c)."),
        ("See <a href='https://a.b'><code>Call</code></a>.", "See [`Call`](https://a.b)."),
        ("<code><a href='https://a.b'>Call</a></code>", "[`Call`](https://a.b)"),
        ("See <a href='https://a.b'>https://a.b</a>", "See https://a.b"),
        ("See <a href='https://a.b/(c) d'>[1]</a>", "See [(1)](https://a.b/%28c%29%20d)"),
        ("See <a href='API_Call.html'>Call</a>, <a>x</a>.", "See Call, x."),
        ("arn:aws:s3:::<bucket>/<Key>", "arn:aws:s3:::<bucket>/<Key>"),
        ("a < b and b > c", "a < b and b > c"),
        ("a<!-- comment -->b<script>c</script><style>d</style>e", "abe"),
        ("word <b>.</b> next , last", "word. next, last"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
    ],
)
def test_inline(html: str, expected: str) -> None:
    assert text(html) == expected


def test_lists_stand_below_each_other() -> None:
    html = """<p>One of:</p> <ul> <li> <p> <code>a</code>: first</p> </li> <li>second <ul>
        <li>inner</li> <li>other</li></ul> </li> <li> <p>third</p> <p>more</p> </li> </ul>
        <p>End.</p>"""

    assert text(html) == (
        "One of:\n\n- `a`: first\n- second\n  - inner\n  - other\n- third\n\n  more\n\nEnd."
    )


def test_ordered_lists_are_lists() -> None:
    assert text("<ol><li><p>one</p></li><li>two</li></ol>") == "- one\n- two"


def test_definitions_are_items() -> None:
    html = (
        "<dl> <dt>Auto</dt> <dd> <p>Best.</p> <p>Slow.</p> </dd> <dt>Off:</dt> <dd>None</dd> </dl>"
    )

    assert text(html) == "- Auto: Best.\n\n  Slow.\n\n- Off: None"


@pytest.mark.parametrize("tag", ["note", "important", "caution", "tip", "warning"])
def test_notes(tag: str) -> None:
    html = f"<p>Before.</p><{tag}><p>One.</p><ul><li>two</li></ul></{tag}><p>After.</p>"

    assert text(html) == "Before.\n\nNote:\n    One.\n\n    - two\n\nAfter."


def test_a_note_in_an_item() -> None:
    html = "<ul><li><p>a</p><note><p>b</p></note></li><li><note>c</note></li></ul>"

    assert text(html) == "- a\n\n  Note:\n      b\n\n- Note:\n      c"


def test_lines_of_code_stay() -> None:
    html = "<p>Run:</p><pre>\n{\n  <code>a</code>: `b` ``` \n}\n</pre><p>End.</p>"

    assert text(html) == "Run:\n\n```\n{\n  a: 'b' '''\n}\n```\n\nEnd."


def test_lines_are_wrapped_between_words_only() -> None:
    html = (
        "<p>Some words, then <code>code of three words</code> and "
        "<a href='https://docs.aws.amazon.com/sagemaker/latest/dg'>a page</a>, - 1. end</p>"
    )

    assert text(html, 30) == (
        "Some words, then\n`code of three words` and\n"
        "[a page](https://docs.aws.amazon.com/sagemaker/latest/dg), - 1.\nend"
    )
    assert layout(blocks("<p>aaaa bbbb cccc</p>"), 14) == "aaaa bbbb cccc"
    assert layout(blocks("<p>aaaa bbbb cccc</p>"), 14, 1) == "aaaa bbbb\ncccc"
    assert layout(blocks("<ul><li>aaaa bbbb cccc</li></ul>"), 12) == "- aaaa bbbb\n  cccc"


def test_width_is_that_of_the_source() -> None:
    assert text("é" * 14 + " b", 58) == "é" * 14 + " b"
    assert text("é" * 14 + " b", 57) == "é" * 14 + "\nb"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>A name</p>", "A name. At most 5, pattern `a b`."),
        ("<p>A name.</p>", "A name. At most 5, pattern `a b`."),
        ('<p>It is "x."</p>', 'It is "x." At most 5, pattern `a b`.'),
        ("<p>A</p><p>B</p>", "A\n\nB\n\nAt most 5, pattern `a b`."),
        ("<ul><li>A</li></ul>", "- A\n\nAt most 5, pattern `a b`."),
    ],
)
def test_facts_come_after_prose(html: str, expected: str) -> None:
    assert layout(with_facts(blocks(html), "At most 5, pattern `a b`."), 60) == expected
    assert with_facts(blocks(html), "") == blocks(html)


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", "data:text/html,x", "//a.b", "file:///etc", "https:", "http://[", " "],
)
def test_only_pages_of_the_web_are_linked(href: str) -> None:
    assert text(f'<a href="{href}">text</a>') == "text"


def test_no_address_leaves_its_parentheses() -> None:
    found = text("<a href='https://a.b/)`\\&quot;&#10;&#x202e;[x](y'>z</a>", 200)

    assert found == "[z](https://a.b/%29%60%5C%22%0A%E2%80%AE%5Bx%5D%28y)"


def test_what_cannot_be_seen_is_left_out() -> None:
    assert text("a\u202eb\u200bc\x1be\ud800f\u2066g<code>\u202eh</code>") == "abcefg`h`"


PIECES = r"""
<p> </p> <ul> </ul> <ol> <li> </li> <dl> <dt> </dt> <dd> </dd> <code> </code> <pre> </pre> <br/>
<note> </note> <a> </a> <script> </script> <![ <! <!-- --> <? </ < > & &#0; &#x202e; &#xd800; &lt;
' \ ` {{ }} {% %} # - 1. Args: .. :: [ ]( ) <b <x> word
"""
ODD_PIECES = (
    "<a href='https://x.y/z'>",
    '"""',
    "'''",
    "\u202e",
    "\n",
    "\x1b",
    "\x85",
    "\u2028",
    " ",
)
HTML = st.lists(
    st.sampled_from([*PIECES.split(), *ODD_PIECES]) | st.text(max_size=5),
).map("".join)


@given(HTML)
@example('"""\nimport os\n"""')
@example("<code>\\")
@example('<code>"')
@example("<ul><li><pre>x</pre>")
def test_no_html_becomes_code(html: str) -> None:
    prose = layout(with_facts(blocks(html), "At most 5."), 84)
    source = f"class C:\n    x: int\n    {docstring(prose, 4)}\n    y: int\n"

    # Compiled, it is a class of three statements whose second is the text.
    (tree,) = ast.parse(source).body
    assert isinstance(tree, ast.ClassDef)
    _, shown, _ = tree.body
    assert isinstance(shown, ast.Expr) and isinstance(shown.value, ast.Constant)
    assert source.isascii()
    value = shown.value.value
    assert isinstance(value, str)
    assert all(char == "\n" or not ord(char) < 32 for char in value)
    assert "\u202e" not in value
    assert [" ".join(line.split()) for line in value.splitlines()] == [
        " ".join(line.split()) for line in prose.splitlines()
    ]
    for line in prose.split("\n"):
        assert line.lstrip().startswith("```") or line.count("`") % 2 == 0


@given(HTML)
def test_every_line_is_as_short_as_its_words_allow(html: str) -> None:
    found = blocks(html)
    longest = max((len(docstring(w)) for block in found for w in block.words), default=0)
    code = {line for block in found for line in block.lines}

    for line in layout(found, 84).split("\n"):
        assert len(line) <= max(84, 60 + 2 * longest) or line.strip() in code


@pytest.mark.parametrize(
    "html",
    [
        "<ul><li>" * 20_000 + "x",
        "<note>" * 20_000 + "x" + "</p></li>" * 20_000,
        "[" * 50_000,
        "`" * 50_000,
        "<code>" * 20_000 + "x",
        "a " * 50_000,
        "<![" * 20_000,
        "<a " * 30_000,
        "<a" * 30_000,
        "</a <b" * 20_000,
        "<a/" * 30_000,
        "<a x='" * 30_000,
        "<a x='>\"<a x=\">'" * 20_000,
        "<a " + "x='" * 50_000 + ">",
        "<!-- x >" * 30_000,
        "<!--" * 30_000,
        "<?" * 50_000,
        "</" * 50_000,
        "<bucket>" * 50_000,
        "&amp;" * 50_000,
        "&#x41" * 50_000,
        "<code>x</code>" * 50_000,
        "<a href='https://x.y/'>x" * 30_000,
        "x<td>" * 50_000,
        "- " * 100_000,
    ],
)
def test_no_html_takes_long(html: str) -> None:
    start = time.process_time()

    assert len(layout(blocks(html), 84)) <= 2 * len(html) + 1000
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a <b", "a <b"),
        ("a < b, c <= d", "a < b, c <= d"),
        ("<p>a <b c</p>d", "a <b c\n\nd"),
        ("<a href='https://x.y/>a</a> b", "<a href='https://x.y/>a b"),
        ("a<!-- hidden -->b", "ab"),
        ("a<!-- open", "a<!-- open"),
        ("<A HREF = 'https://x.y/' title=\"it's\">a</A>", "[a](https://x.y/)"),
        ("<a href=https://x.y/>a</a>", "[a](https://x.y/)"),
        ("<a\nhref='https://x.y/?b=c'\n>a</a >", "[a](https://x.y/?b=c)"),
        ("a<br/>b<br />c", "a\n\nb\n\nc"),
    ],
)
def test_what_ends_is_a_tag_and_the_rest_is_text(html: str, expected: str) -> None:
    assert layout(blocks(html), 84) == expected


def test_prose_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "pets" / "2020-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(
        """{"operations": {"GetPet": {"documentation": "Gets."}, "Odd": {"documentation": 1}},
            "shapes": {
                "Pet": {"documentation": "A pet", "members": {
                    "documentation": {"shape": "S", "documentation": "Of names"},
                    "Name": {"shape": "S"}, "Odd": null}},
                "S": {"type": "string"}, "Odd": []}}"""
    )
    source = from_directory(tmp_path)

    assert load_prose(source, "pets") == Prose(
        {"GetPet": "Gets."}, {"Pet": "A pet"}, {("Pet", "documentation"): "Of names"}
    )
    assert load_prose(source, "pet") == Prose()


def test_prose_that_cannot_be_read_names_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "pets" / "2020-01-01"
    folder.mkdir(parents=True)
    (folder / "service-2.json.gz").write_bytes(b"\x1f\x8b cut")

    with pytest.raises(SyncError) as caught:
        load_prose(from_directory(tmp_path), "pets")

    assert str(caught.value).startswith(f"{folder}/service-2.json.gz: not valid gzip: ")


def test_blocks_say_where_they_stand() -> None:
    assert blocks("<ul><li>a<p>b</p></li></ul>") == [
        Block(("a",), 0, "- "),
        Block(("b",), 2, ""),
    ]
