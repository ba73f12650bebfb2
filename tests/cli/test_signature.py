"""How methods and types are shown."""

from kitfox.cli._signature import method_lines, service_lines


def test_a_service_shows_its_methods(grading):
    assert list(service_lines(grading.methods)) == [
        (
            "  AddGrade(id: integer, grade: Grade, note?: string | null, tags?: [string],"
            " final?: boolean, weight?: number, extra?: any) -> null"
        ),
        "      Give a student a grade.",
        "  Watch(id: integer) -> stream of Grade",
    ]


def test_a_method_shows_its_documentation_its_route_and_its_types(grading):
    assert list(method_lines(grading.methods[0], grading.types))[1:] == [
        "",
        "  Give a student a grade.",
        "",
        "  It counts at once.",
        "",
        "  unary",
        "  POST /school.v1.Grading/AddGrade",
        "",
        "Grade:",
        "  title  string                     What was examined.",
        '  kind   "Exam" | "Quiz"',
        "  score  number           optional",
    ]


def test_an_idempotent_method_says_so(grading):
    lines = list(method_lines(grading.methods[1], grading.types))
    assert "  server stream, idempotent" in lines
