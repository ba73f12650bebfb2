"""Middleware in a row, and connections with middleware in front."""

from kitfox import Call, Kind, Method, Through, chain

METHOD = Method("a.B", "C", Kind.UNARY, int, int)


def named(name, log):
    def middleware(endpoint):
        async def run(call, message):
            log.append(f"{name} in")
            try:
                return await endpoint(call, message)
            finally:
                log.append(f"{name} out")

        return run

    return middleware


async def double(call, message):
    return message * 2


async def test_a_call_passes_the_first_middleware_first():
    log = []
    endpoint = chain(named("a", log), named("b", log))(double)
    assert await endpoint(Call(METHOD), 21) == 42
    assert log == ["a in", "b in", "b out", "a out"]


def test_a_chain_of_nothing_changes_nothing():
    assert chain()(double) is double


async def test_chains_of_chains_keep_their_order():
    log = []
    endpoint = chain(chain(named("a", log), named("b", log)), named("c", log))(double)
    await endpoint(Call(METHOD), 1)
    assert log[:3] == ["a in", "b in", "c in"]


async def test_a_connection_may_pass_its_calls_through_middleware():
    log = []

    class Doubling:
        def endpoint(self, method):
            log.append(method.path)
            return double

    endpoint = Through(Doubling(), named("a", log), named("b", log)).endpoint(METHOD)
    assert await endpoint(Call(METHOD), 21) == 42
    assert log == ["/a.B/C", "a in", "b in", "b out", "a out"]


def test_methods_are_equal_only_to_themselves():
    same = Method("a.B", "C", Kind.UNARY, int, int)
    assert same != METHOD
    assert len({same, METHOD}) == 2
