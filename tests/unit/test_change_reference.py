"""What a model's texts may do to a reference: nothing but be shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from minispec import one_structure, spec_files

from aiobotantic_codegen.changes.reference import Reference, References


def reference(documentation: str, **shapes: Any) -> Reference:
    """Return the reference of an operation with a text, and a member `A` of the shape `A`."""
    spec = one_structure({"A": "A" if shapes else "String"}, shapes=shapes)
    spec["operations"]["Send"]["documentation"] = documentation
    return References(spec_files(spec)["service-2.json"], "mini").of("Send")


def intro(documentation: str) -> str:
    """Return how a text is shown, as text."""
    return reference(documentation).text().partition("\n\nRequest Syntax")[0]


@pytest.mark.parametrize(
    ("documentation", "shown"),
    [
        ("<p>One.</p> <p>Two.</p>", "One.\n\nTwo."),
        ("<p>a<b>b</b>c <i>d</i>e</p>", "abc de"),
        ("<p>Several <code>Name</code>s.</p>", "Several Names."),
        ("<p>The <code>Name </code>, here</p>", "The Name , here"),
        ("<p>The <code>Name </code>here</p>", "The Name here"),
        ("<p>(<code>a</code>)</p>", "( a)"),
        ("<p>See <a href='https://example.org/a_b'>A: b_c</a>for more.</p>", "See A: b_cfor more."),
        ("<p>x=<b>y</b>, 2 * 3 * 4, *p, a_ b__ |c| `d` ``e``</p>", None),
        ("<p>Ends with :: and</p> <p>goes on</p>", "Ends with :: and\n\ngoes on"),
        ("<ul> <li> <p>a</p> </li> <li> <p>b</p> </li> </ul>", "  • a\n\n  • b"),
        ("<p>1. one</p> <p>- two</p> <p># three</p>", "1. one\n\n- two\n\n# three"),
        ("<important> <p>Mind.</p> </important>", "Warning\n\nMind."),
        ("<p>====</p> <p>Title</p> <p>====</p>", "====\n\nTitle\n\n===="),
        ("<p>{{ page }} {% raw %} ${x} %s {0}</p>", "{{ page }} {% raw %} ${x} %s {0}"),
        ("<p>\\ and \\n</p>", "\\ and \\n"),
        ("<p>&lt;b&gt; &amp;amp;</p>", "<b> &amp;"),
    ],
)
def test_texts_are_shown_as_they_are(documentation: str, shown: str | None) -> None:
    plain = re.sub("<[^>]*>", "", documentation)

    assert intro(documentation) == (shown or plain)


@pytest.mark.parametrize(
    "text",
    [
        ".. raw:: html",
        ".. include:: /etc/passwd",
        ".. image:: https://example.org/spy.png",
        ".. date::",
        ".. |now| date:: %Y",
        ".. _target: javascript:alert(1)",
        ".. role:: raw-html(raw)",
        ":raw-html:`x`",
        "`x <javascript:alert(1)>`__",
        "|now|",
        "x_ and [1]_ and __",
        "$x^2$ :math:`x`",
    ],
)
@pytest.mark.parametrize("tag", ["p", "code", "b", "i", "li", "a href='https://example.org/'"])
def test_markup_in_a_text_is_text(text: str, tag: str) -> None:
    opened = text.replace("<", "&lt;").replace(">", "&gt;")
    documentation = (
        f"<p>Before</p> <{tag}>\n\n{opened}\n\n   :file: /etc/passwd\n</{tag.split()[0]}>"
    )

    made = reference(documentation)

    shown = " ".join(made.text().split())
    assert f"{text} :file: /etc/passwd" in shown
    links = set(re.findall(r'href="([^"]*)"', made.html()))
    assert links <= {"https://example.org/"}
    assert not re.search("<(img|script|object|iframe|style|link|math)", made.html())


@pytest.mark.parametrize(
    "documentation",
    [
        "<script>alert(1)</script>",
        "<p onclick='alert(1)'>x</p>",
        "<img src=x onerror=alert(1)>",
        "<iframe src='javascript:alert(1)'></iframe>",
        "<style>* { display: none }</style>",
        "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>",
        "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>",
        "<sphinx_py_class x='.. raw:: html'>x</sphinx_py_class>",
        "<codeblock>&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;</codeblock>",
        "<a href='x&gt;`__ &lt;script&gt;'>x</a>",
    ],
)
def test_no_element_of_a_text_gets_through(documentation: str) -> None:
    html = reference(documentation).html()

    assert not re.search(r"<(script|img|iframe|style)|<[^>]*\son\w+=", html)


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//example.org",
        "https://example.org/>`__ `x <javascript:alert(1)",
        "https://example.org/\n\n.. raw:: html\n\n   <script>",
        "",
    ],
)
def test_links_lead_to_the_web_or_nowhere(href: str) -> None:
    href = href.replace("<", "&lt;").replace(">", "&gt;")

    made = reference(f"<p>See <a href='{href}'>this page</a>.</p>")

    assert "See this page." in " ".join(made.text().split())
    assert "href" not in made.html()


def test_a_link_to_the_web_is_one() -> None:
    html = reference("<p>See <a href=' https://example.org/a_b?c=d&amp;e '>a_b</a>.</p>").html()

    assert '<a class="reference external" href="https://example.org/a_b?c=d&amp;e">a_b</a>' in html


def test_values_of_an_enum_stay_in_their_block() -> None:
    value = "x\n\n.. raw:: html\n\n   <script>alert(1)</script>\n\n`y <javascript:alert(1)>`__"

    made = reference("<p>x</p>", A={"enum": [value, "`_*"]})

    shown = f"A='{' '.join(value.split())}'|'`_*'\n)"
    assert shown in made.text()
    assert "<script" not in made.html()
    assert "href" not in made.html()


def test_control_characters_do_not_reach_a_terminal() -> None:
    made = reference("<p>red \x1b[31m\x07 \x9b1m</p>", A={"enum": ["\x1b]0;title\x07"]})

    assert "red [31m 1m" in made.text()
    assert "']0;title'" in made.text()


def test_the_clock_and_the_configuration_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = reference('<p>A quote: "a" -- it\'s.</p>').html()
    (tmp_path / "docutils.conf").write_text("[general]\nsmart_quotes: yes\nraw_enabled: yes\n")
    monkeypatch.chdir(tmp_path)

    assert reference('<p>A quote: "a" -- it\'s.</p>').html() == before
    assert "A quote: &quot;a&quot; -- it's." in before


def test_long_lines_are_shown() -> None:
    values = [f"value-{number:05}" for number in range(2000)]

    assert "|'value-01999'" in reference("<p>x</p>", A={"enum": values}).text()
