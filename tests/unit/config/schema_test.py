#!/usr/bin/env python3
"""Holds conf/weir.schema.json against real files: that it is a valid schema, and what it accepts and refuses.

Run by ctest (label unit). The good files are conf/*.yaml. Each file of tests/unit/config/bad has a line
"# schema: refused", "# schema: accepted" (only Weir itself can see the mistake) or "# schema: unreadable".
usage: schema_test.py SOURCE_DIR
"""
import json
import pathlib
import re
import sys

import jsonschema
import yaml

OTHER_TAGS = {"tag:yaml.org,2002:" + name for name in ("bool", "timestamp", "merge")}


class CoreLoader(yaml.SafeLoader):
    """YAML 1.2's truth values only: `on`, `off`, `yes` and `no` are texts, as they are to Weir."""


CoreLoader.yaml_implicit_resolvers = {
    first: [resolver for resolver in resolvers if resolver[0] not in OTHER_TAGS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), list("tf"))


def verdict(validator, path):
    """refused, accepted or unreadable, and why."""
    try:
        documents = list(yaml.load_all(path.read_text(encoding="utf-8"), CoreLoader))
    except (yaml.YAMLError, ValueError) as error:
        return "unreadable", str(error).splitlines()[0]
    if len(documents) != 1:
        return "unreadable", f"{len(documents)} documents"
    error = jsonschema.exceptions.best_match(validator.iter_errors(documents[0]))
    if error is None:
        return "accepted", ""
    return "refused", f"{error.json_path}: {error.message}"


def expected_of(path):
    prefix = "# schema: "
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [line[len(prefix):].strip() for line in lines if line.startswith(prefix)]
    return found[0] if len(found) == 1 else f"exactly one line '{prefix}...'"


def main(source):
    schema = json.loads((source / "conf/weir.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = sorted((source / "conf").glob("*.yaml"))
    bad = sorted((source / "tests/unit/config/bad").glob("*.yaml"))
    failures = 0
    for path in good + bad:
        expected = "accepted" if path in good else expected_of(path)
        found, why = verdict(validator, path)
        if found != expected:
            failures += 1
            print(f"{path.relative_to(source)}: expected {expected}; the schema: {found} {why}")
    if len(good) < 2 or len(bad) < 20:
        failures += 1
        print(f"too few files: {len(good)} good, {len(bad)} bad; is {source} the source folder?")
    print(f"{len(good)} good and {len(bad)} bad files, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
