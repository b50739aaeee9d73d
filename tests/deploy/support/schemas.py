"""Reads YAML or JSON from stdin, and holds documents against the schemas that Kubernetes publishes.

schemas.py parse         documents in, a JSON list of them out
schemas.py validate CRD  a JSON list of lists of documents in; out, for each list, what is wrong with it
"""

import json
import sys

import jsonschema
import kubernetes_validate
import yaml

VERSIONS = ["1.30", "1.37"]  # the oldest and newest versions that the manifests support


def strict(schema):
    """Lets no field through that a CRD does not name: the server would drop it without a word."""
    if isinstance(schema, dict):
        closed = {key: strict(value) for key, value in schema.items()}
        if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
            closed["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
        return closed
    return [strict(value) for value in schema] if isinstance(schema, list) else schema


def custom(path):
    """The validators of a CRD's versions, by apiVersion and kind."""
    with open(path, encoding="utf-8") as file:
        spec = yaml.safe_load(file)["spec"]
    return {
        (f"{spec['group']}/{version['name']}", spec["names"]["kind"]): jsonschema.Draft202012Validator(
            strict(version["schema"]["openAPIV3Schema"])
        )
        for version in spec["versions"]
    }


def faults(document, customs):
    name = f"{document.get('kind')}/{document.get('metadata', {}).get('name')}"
    validator = customs.get((document.get("apiVersion"), document.get("kind")))
    if validator:
        return [f"{name}: {fault.json_path}: {fault.message}" for fault in validator.iter_errors(document)]
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as fault:
            return [f"{name}: {fault.json_path}: {fault.message[:300]}"]
        except kubernetes_validate.SchemaNotFoundError as fault:
            return [f"{name}: {fault.message}"]
    return []


if sys.argv[1] == "parse":
    json.dump([document for document in yaml.safe_load_all(sys.stdin) if document is not None], sys.stdout)
else:
    known = custom(sys.argv[2])
    sets = json.load(sys.stdin)
    json.dump([[fault for document in one for fault in faults(document, known)] for one in sets], sys.stdout)
