"""The reference of one operation, as botocore documents it: request, parameters and response.

botocore.docs turns the model's HTML into reStructuredText, docutils turns that into a tree. What a
model says is not ours: its text is escaped on the way in, its links lead to the web or nowhere, and
of the tree only what a reference is made of is kept.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore import xform_name
from botocore.docs.bcdoc.restdoc import DocumentStructure
from botocore.docs.bcdoc.style import ReSTStyle
from botocore.docs.method import document_model_driven_method
from botocore.hooks import HierarchicalEmitter
from botocore.model import ServiceModel
from docutils import nodes
from docutils.core import publish_doctree, publish_parts
from docutils.io import DocTreeInput

from aiobotantic_codegen.changes.outline import outline

_MOST_LINES = 100_000  # SageMaker's longest has 22,000, Quick Sight's 500,000
_MARKUP = re.compile(r"([^\w\s]|_)")
_MARKUP_OF_LINKS = re.compile(r"([^\w\s:]|_)")  # botocore escapes the colons of a link's text
_NOTHING = "\\ "  # separates, and shows as nothing
_SPACE = re.compile(r"\s+")
_WEB = re.compile(r"https?://[^\s<>`\"\\]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
_SPHINX = {
    ":ref:`document<document>`": "document",
    ":class:`.StreamingBody`": "StreamingBody",
    ":class:`.EventStream`": "EventStream",
}
_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "input_encoding": "unicode",
    "line_length_limit": 10_000_000,
    "output_encoding": "unicode",
    "raw_enabled": False,
    "report_level": 5,
    "smart_quotes": False,
    "stylesheet_path": "",
    "syntax_highlight": "none",
    "warning_stream": False,
}
_KEPT = (
    nodes.Text,
    nodes.admonition,
    nodes.block_quote,
    nodes.bullet_list,
    nodes.caution,
    nodes.danger,
    nodes.definition,
    nodes.definition_list,
    nodes.definition_list_item,
    nodes.document,
    nodes.emphasis,
    nodes.enumerated_list,
    nodes.field,
    nodes.field_body,
    nodes.field_list,
    nodes.field_name,
    nodes.list_item,
    nodes.literal,
    nodes.literal_block,
    nodes.note,
    nodes.paragraph,
    nodes.reference,
    nodes.strong,
    nodes.term,
    nodes.title,
    nodes.warning,
)


class References:
    """The references of one service's operations.

    Args:
        tree: The model as plain JSON, with or without documentation.
        service: Its name, e.g. `sagemaker`.
    """

    def __init__(self, tree: Mapping[str, Any], service: str) -> None:
        self._model = ServiceModel(_plain(tree), service)

    def of(self, operation: str) -> Reference:
        """Return the reference of one operation."""
        model = self._model.operation_model(operation)
        section = _Document(operation, target="html")
        document_model_driven_method(
            section,
            xform_name(operation),
            model,
            event_emitter=HierarchicalEmitter(),
            method_description=model.documentation,
            example_prefix=f"client.{xform_name(operation)}",
            include_signature=False,
        )
        source = _whole(section)
        if source.count("\n") > _MOST_LINES:
            source = section.flush_structure().decode()
        return Reference(source)


class Reference:
    """One operation's reference, as HTML and as text."""

    def __init__(self, source: str) -> None:
        for role, word in _SPHINX.items():
            source = source.replace(role, word)
        self._source = source

    def _tree(self) -> nodes.document:
        """Return what it says, as docutils has it; anew, because writers change it."""
        tree = publish_doctree(self._source, settings_overrides=_SETTINGS)
        _keep_reference(tree)
        return tree

    def html(self) -> str:
        """Return a fragment of HTML."""
        parts = publish_parts(
            self._tree(),
            source_class=DocTreeInput,
            reader="doctree",
            writer="html5",
            settings_overrides=_SETTINGS,
        )
        return str(parts["fragment"]).strip()

    def text(self) -> str:
        """Return lines of text."""
        return outline(self._tree())


class _Style(ReSTStyle):  # type: ignore[misc]
    """botocore's, with links to the web only, and with markup that is always seen as such.

    reStructuredText wants no space inside markup, and none but space or punctuation around it.
    """

    in_code = False
    opened = False

    def start_code(self, attrs: Any = None) -> None:
        super().start_code(attrs)
        self.in_code = self.opened = True

    def end_code(self) -> None:
        self.in_code = False
        self._close(super().end_code)

    def start_bold(self, attrs: Any = None) -> None:
        self._separate()
        super().start_bold(attrs)
        self.opened = True

    def end_bold(self) -> None:
        self._close(super().end_bold)

    def start_italics(self, attrs: Any = None) -> None:
        self._separate()
        super().start_italics(attrs)
        self.opened = True

    def end_italics(self) -> None:
        self._close(super().end_italics)

    def start_a(self, attrs: Any = None) -> None:
        links = [(key, (value or "").strip()) for key, value in attrs or ()]
        super().start_a([link for link in links if link[0] == "href" and _WEB.fullmatch(link[1])])

    def _separate(self) -> None:
        last = self.doc.pop_write() or ""
        joined = bool(last) and not last[-1].isspace()
        self.doc.push_write(f"{last}{_NOTHING}" if joined else last)

    def _close(self, end: Callable[[], None]) -> None:
        self.opened = False
        last = self.doc.pop_write() or ""
        self.doc.push_write(last.rstrip())
        end()
        if last[-1:].isspace():
            self.doc.write(" ")


class _Document(DocumentStructure):  # type: ignore[misc]
    """botocore's, for texts that stay text whatever they look like."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.style = _Style(self)

    def handle_data(self, data: str) -> None:
        data = _SPACE.sub(" ", data)
        if self.style.opened:
            data = data.lstrip()
            self.style.opened = not data
        if self.style.in_code:
            # A literal has no escapes: it ends at two backticks.
            super().handle_data(re.sub("``+", "`", data))
            return
        text = (_MARKUP_OF_LINKS if self.style.a_href else _MARKUP).sub(r"\\\1", data)
        ended = self._writes and self._writes[-1].endswith(("*", "`", "`__"))
        super().handle_data(f"{_NOTHING}{text}" if ended and data[:1].isalnum() else text)


def _whole(section: _Document) -> str:
    """Return all that was written; botocore's own way leaves out syntax that is rather long."""
    inside = (_whole(section.get_section(name)) for name in section.available_sections)
    return "".join((section.getvalue().decode(), *inside))


def _plain(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy without the characters that a terminal would obey; values have one line."""
    plain: dict[str, Any] = copy.deepcopy(dict(tree))
    pending: list[Any] = [plain]
    while pending:
        value = pending.pop()
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            each = value[key]
            if isinstance(each, str):
                each = _SPACE.sub(" ", each) if isinstance(value, list) else each
                value[key] = _CONTROL.sub("", each)
            elif isinstance(each, dict | list):
                pending.append(each)
    return plain


def _keep_reference(tree: nodes.document) -> None:
    """Take out of a tree what no reference needs; other markup of words becomes plain words."""
    for node in list(tree.findall()):
        if node.parent is None and node is not tree:
            continue
        if isinstance(node, nodes.reference) and not _WEB.fullmatch(node.get("refuri", "")):
            node.parent.replace(node, node.children)
        elif isinstance(node, _KEPT):
            continue
        elif isinstance(node, nodes.Inline) and not isinstance(node, nodes.Invisible):
            node.parent.replace(node, nodes.Text(node.astext()))
        else:
            node.parent.remove(node)
