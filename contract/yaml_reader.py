"""YAML as ODCS tools read it, but strict; the only module that needs PyYAML, imported where a YAML file is read."""

from typing import Any

import yaml


class NotYamlError(ValueError):
    """Say where and why a text is not usable YAML."""


class _StrictLoader(yaml.SafeLoader):
    """Find doubled keys, and leave dates as the text they are: JSON knows none."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.doubled: set[tuple[int, str]] = set()

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        self._find_doubled_keys(node)
        return super().construct_mapping(node, deep=deep)

    def _find_doubled_keys(self, node: yaml.MappingNode) -> None:
        seen: set[tuple[str, str]] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and (key.tag, key.value) in seen:
                self.doubled.add((key.start_mark.line + 1, key.value))
            elif isinstance(key, yaml.ScalarNode):
                seen.add((key.tag, key.value))


_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(text: str) -> tuple[Any, list[str]]:
    """Return the document of a YAML text, and which keys stand twice in a mapping of it. Raises NotYamlError."""
    try:
        loader = _StrictLoader(text)
        try:
            document = loader.get_single_data()
        finally:
            loader.dispose()
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise NotYamlError(" ".join(str(error).split())) from error
    doubled = sorted(loader.doubled)
    return document, [f"line {line}: the key {key!r} stands twice in one mapping; remove one" for line, key in doubled]
