"""The school: a grading service that keeps the grades, and a portal that shows them."""
