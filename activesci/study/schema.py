"""The JSON Schema of study.yaml, for editors and for other programs. It is generated from the model and shipped."""

import json
import re
from importlib.resources import files
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the JSON Schema that ships with this version."""
    text = files("activesci.study").joinpath("schema.json").read_text(encoding="utf-8")
    shipped: dict[str, Any] = json.loads(text)
    return shipped


def generate() -> dict[str, Any]:
    """Return the JSON Schema of the model as it is now; a test holds the shipped one against it."""
    from .model import Study

    made = Study.model_json_schema(schema_generator=_Generator)
    return {"$schema": DIALECT, **made, "title": "activesci study", "description": "A study of activesci: study.yaml."}


def text() -> str:
    """Return the JSON Schema of the model as the file that is shipped."""
    return json.dumps(generate(), indent=2, ensure_ascii=False) + "\n"


class _Generator(GenerateJsonSchema):
    """Says what the model's validators say and pydantic cannot know."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A key is there or not: null is never a value."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """A default that no file could say is not said: None, or a whole part."""
        if schema.get("default", ...) is None or isinstance(schema["default"], BaseModel):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)

    def field_title_should_be_set(self, schema: object) -> bool:
        """A key is its own title."""
        return False

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Keys are names, and nothing else."""
        made = super().dict_schema(schema)
        return {**made, "additionalProperties": False} if "patternProperties" in made else made

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Of alternatives exactly one is given."""
        made = super().model_schema(schema)
        made["description"] = _first_sentence(schema["cls"])
        chosen = getattr(schema["cls"], "one_of", ())
        if needs := getattr(schema["cls"], "only_with", {}):
            made["dependentRequired"] = {key: [kind] for key, kind in needs.items()}
        for name, words in _attributes(schema["cls"]).items():
            made["properties"][name]["description"] = words
        branches = [*({"required": [key]} for key in chosen), *_plugged(schema["cls"])]
        return {**made, "oneOf": branches} if chosen else made


def _plugged(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Return the alternative that an installed package offers: a key of a name that nobody can know here."""
    if getattr(model, "group", None) is None:
        return []
    chosen = list(getattr(model, "one_of", ()))
    known = [*chosen, *getattr(model, "later", ())]
    others = [name for name in model.model_fields if name not in chosen]
    no_own, only_others = ({"propertyNames": rule} for rule in ({"not": {"enum": known}}, {"enum": others}))
    return [{**no_own, "not": only_others}]


def _attributes(model: type[BaseModel]) -> dict[str, str]:
    """Return what the model's docstring says of each key, in one line each."""
    told = dict(re.findall(r"^ {8}(\w+): (.*(?:\n {9,}.*)*)", model.__doc__ or "", re.MULTILINE))
    keys = {field.alias or name: name for name, field in model.model_fields.items()}
    return {key: " ".join(told[name].split()) for key, name in keys.items() if name in told}


def _first_sentence(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").split("\n\n")[0].replace("\n    ", " ")
