"""YAML as ODCS tools read it, but strict; the only module that needs PyYAML, imported where a YAML file is read."""

from typing import Any

import yaml


class NotYamlError(ValueError):
    """Say where and why a text is not usable YAML."""


class _StrictLoader(yaml.SafeLoader):
    """Refuse doubled keys, and leave dates as the text they are: JSON knows none."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        self._refuse_doubled_keys(node)
        return super().construct_mapping(node, deep=deep)

    def _refuse_doubled_keys(self, node: yaml.MappingNode) -> None:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if (key.tag, key.value) in seen:
                line = key.start_mark.line + 1
                raise NotYamlError(f"line {line}: the key {key.value!r} stands twice in one mapping; remove one")
            seen.add((key.tag, key.value))


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> Any:
    """Return the document of a YAML text. Raises NotYamlError."""
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader, made stricter
    except NotYamlError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise NotYamlError(" ".join(str(error).split())) from error
