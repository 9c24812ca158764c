"""Answers held against what their service says of itself at /v3/api-docs."""

import json

KINDS = {
    "string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict,
}  # fmt: skip


class Description:
    def __init__(self, part):
        self.document = json.loads(part.ask("GET", "/v3/api-docs").body)

    def check(self, method, path, answer):
        """The status is listed, with the media type of the body, and the body is what the schema says."""
        responses = self.document["paths"][path][method.lower()]["responses"]
        assert str(answer.status) in responses, f"{method} {path}: {answer.status} is not listed"
        content = responses[str(answer.status)].get("content")
        if not answer.body:
            assert answer.status in (204, 304) or content is None, f"{method} {path}: a body is promised"
            return answer
        assert content, f"{method} {path}: {answer.status} has a body that is not described"
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in content, f"{method} {path}: {media_type} is not described"
        value = json.loads(answer.body) if media_type.endswith("json") else answer.text
        # What is refused may say more than every refusal does.
        self._check(value, content[media_type]["schema"], f"{method} {path}", exact=answer.status < 400)
        return answer

    def _check(self, value, schema, where, exact):
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        if value is None and schema.get("nullable"):
            return
        kind = schema["type"]
        assert isinstance(value, KINDS[kind]) and (kind == "boolean") == isinstance(value, bool), (
            f"{where}: {value!r} is no {kind}"
        )
        assert value in schema.get("enum", [value]), f"{where}: {value!r} is not listed"
        if kind == "array":
            for index, element in enumerate(value):
                self._check(element, schema["items"], f"{where}[{index}]", exact)
        if kind == "object":
            properties = schema["properties"]
            missing = set(schema.get("required", ())) - set(value)
            assert not missing, f"{where}: {missing} are promised"
            assert not exact or set(value) <= set(properties), f"{where}: {set(value) - set(properties)} undescribed"
            for name in set(value) & set(properties):
                self._check(value[name], properties[name], f"{where}.{name}", exact)
