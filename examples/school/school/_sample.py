"""The students that a new register begins with."""

from school.contract import GradeType

TEST, HOMEWORK, QUIZ, EXAM = GradeType

# First name, last name, and what they have been given so far.
SAMPLE = (
    (
        "Ada",
        "Okafor",
        ((QUIZ, "Fractions", 92), (HOMEWORK, "On foxes", 88.5), (TEST, "Algebra", 95)),
    ),
    (
        "Ben",
        "Lindqvist",
        ((QUIZ, "Fractions", 71), (HOMEWORK, "On foxes", 64), (TEST, "Algebra", 78.5)),
    ),
    (
        "Chiara",
        "Rossi",
        ((QUIZ, "Fractions", 85), (HOMEWORK, "On foxes", 97), (EXAM, "Biology", 90)),
    ),
    (
        "Daiki",
        "Mori",
        ((QUIZ, "Fractions", 58.5), (HOMEWORK, "On foxes", 73), (TEST, "Algebra", 66)),
    ),
    ("Elif", "Demir", ((QUIZ, "Fractions", 100), (TEST, "Algebra", 81), (EXAM, "Biology", 87.5))),
)
