"""Templates people may write (R34): Jinja2 in its sandbox, its errors told by the line of the template.

A template sees the values it is given, can change nothing and reach nothing else. What it is given must be text that
can stand anywhere (law 13): the rooms that give it see to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from bridge.errors import ConfigError

if TYPE_CHECKING:
    from jinja2 import Environment, Template

#: Jinja2's own name for a template given as text.
_FILE = "<template>"


def render(source: str, values: Mapping[str, object], name: str) -> str:
    """The text that the template ``source`` makes of ``values``, with LF.

    :param values: asked only for what the template names.
    :param name: what the template is called in messages: ``the note template``.
    :raises ConfigError: the template cannot be compiled or run; the message gives the line in it.
    """
    from jinja2 import TemplateError, TemplateSyntaxError  # an idle cycle renders nothing

    try:
        template, names = _compiled(source)
        return template.render({name: values[name] for name in names if name in values})
    except TemplateSyntaxError as error:
        raise ConfigError(f"{name}, line {error.lineno}: {str(error.message).rstrip('.')}") from None
    except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
        # What a template does wrong shows as any of these. Python's words can hold a paper's text: the class is told.
        reason = str(error) if isinstance(error, TemplateError) else type(error).__name__
        raise ConfigError(f"{name}, line {_line(error)}: {reason}") from None


@lru_cache(maxsize=16)
def _compiled(source: str) -> tuple[Template, frozenset[str]]:
    """A template ready to run, and the names it takes from outside."""
    from jinja2.meta import find_undeclared_variables

    environment = _environment()
    return environment.from_string(source), frozenset(find_undeclared_variables(environment.parse(source)))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        autoescape=False,  # HTML escaping is not Markdown's; the values come escaped
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _line(error: Exception) -> int:
    """The line of the template where ``error`` arose; Jinja2 writes its own lines into the traceback."""
    line, trace = 0, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == _FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
