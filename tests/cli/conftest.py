"""A server's description of itself, and the command in the same process."""

import json

import pytest
from click.testing import CliRunner, Result

from kitfox.cli import main
from kitfox.cli._openapi import read_openapi
from kitfox.cli._remote import Description

GRADE = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "description": "What was examined."},
        "kind": {"enum": ["Exam", "Quiz"]},
        "score": {"type": "number", "default": 0},
    },
    "required": ["title", "kind"],
}

DOCUMENT = {
    "openapi": "3.1.1",
    "paths": {
        "/school.v1.Grading/AddGrade": {
            "post": {
                "operationId": "school.v1.Grading.AddGrade",
                "summary": "Give a student a grade.",
                "description": "It counts at once.",
                "x-kitfox-kind": "unary",
                "requestBody": {
                    "content": {
                        "application/json": {
                            "schema": {"$ref": "#/components/schemas/AddGradeRequest"}
                        }
                    }
                },
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"type": "null"}}}},
                    "default": {"$ref": "#/components/responses/Problem"},
                },
            }
        },
        "/school.v1.Grading/Watch": {
            "get": {
                "operationId": "school.v1.Grading.Watch",
                "x-kitfox-kind": "server_stream",
                "x-kitfox-idempotent": True,
                "parameters": [
                    {"name": "id", "in": "query", "required": True, "schema": {"type": "integer"}}
                ],
                "responses": {
                    "200": {
                        "content": {
                            "text/event-stream": {"schema": {"$ref": "#/components/schemas/Grade"}}
                        }
                    }
                },
            }
        },
    },
    "components": {
        "schemas": {
            "AddGradeRequest": {
                "type": "object",
                "properties": {
                    "id": {"type": "integer"},
                    "grade": {"$ref": "#/components/schemas/Grade"},
                    "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "final": {"type": "boolean"},
                    "weight": {"type": "number"},
                    "extra": {},
                },
                "required": ["id", "grade"],
            },
            "Grade": GRADE,
        }
    },
}


@pytest.fixture
def grading() -> Description:
    """The school's grading service, as it describes itself."""
    return read_openapi(json.dumps(DOCUMENT).encode())


@pytest.fixture
def kitfox(monkeypatch, tmp_path):
    """The command, in an empty folder and an environment without settings."""
    monkeypatch.chdir(tmp_path)

    def run(*args: str, **environ: str) -> Result:
        return CliRunner(env=environ).invoke(main, args)

    return run
