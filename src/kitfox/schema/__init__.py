"""What a service says about itself: documents for programs, a page for people, what has changed."""

from kitfox.schema._asyncapi import asyncapi as asyncapi
from kitfox.schema._description import (
    Description as Description,
    MethodDescription as MethodDescription,
    describe as describe,
    read_description as read_description,
)
from kitfox.schema._diff import Change as Change, diff as diff
from kitfox.schema._openapi import openapi as openapi
from kitfox.schema._operation import Operation as Operation
from kitfox.schema._page import docs_page as docs_page, docs_page_csp as docs_page_csp
from kitfox.schema._problem import PROBLEM_MEDIA_TYPE as PROBLEM_MEDIA_TYPE, Problem as Problem
from kitfox.schema._proto_text import proto_of as proto_of
from kitfox.schema._reflection import Reflection as Reflection
from kitfox.schema._tag import Tag as Tag

__all__ = [
    "PROBLEM_MEDIA_TYPE",
    "Change",
    "Description",
    "MethodDescription",
    "Operation",
    "Problem",
    "Reflection",
    "Tag",
    "asyncapi",
    "describe",
    "diff",
    "docs_page",
    "docs_page_csp",
    "openapi",
    "proto_of",
    "read_description",
]
