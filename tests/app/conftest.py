"""What a caller may say beside its messages."""

import pytest


@pytest.fixture
def saying():
    """`saying("tenant", "acme")`: a middleware with which every call says so."""

    def make(key, value):
        def wrap(endpoint):
            def call_saying(call, message):
                call.metadata[key] = value
                return endpoint(call, message)

            return call_saying

        return wrap

    return make
