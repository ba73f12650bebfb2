"""The same school as four processes and as one: by configuration alone, and nobody can tell."""

from kitfox.net import HTTPError

SERVICES = {"kitfox.v1.Logs", "school.Grading", "school.Portal"}


async def portal_of(school) -> str:
    """The portal's address, whichever process serves it."""
    return (school.rows().get("portal") or school.rows()["school"])["addresses"][0]


async def visit(school) -> list:
    """Use the portal as a teacher would; return all that was seen."""
    portal = await portal_of(school)
    seen = [await school.get(f"{portal}/students"), await school.get(f"{portal}/students/3")]
    grade = {"Title": "Essay", "Type": "Quiz", "Score": 71.5}
    seen.append(await school.post(f"{portal}/students/3/grades", **grade))
    seen.append(await school.post(f"{portal}/students/3/grades", **{**grade, "Score": 101}))
    seen.append(await school.get(f"{portal}/students/3"))
    seen.append(await school.get(f"{portal}/students/77"))
    seen.append(await school.get(f"{portal}/nowhere"))
    return seen


async def works(school) -> bool:
    try:
        return (await school.get(f"{await portal_of(school)}/students")).status == 200
    except HTTPError:
        return False


async def visited(school, until) -> list:
    await school.up()
    await until(lambda: works(school))
    return await visit(school)


async def test_a_school_in_one_process_shows_what_a_school_in_four_does(
    system, school_config, until
):
    apart = system(school_config)
    together = system(school_config.replace("[system]\n", "[system]\ntogether = true\n"))
    seen_apart, seen_together = await visited(apart, until), await visited(together, until)
    assert [page.status for page in seen_apart] == [200, 200, 303, 422, 200, 404, 404]
    assert "Essay" in seen_apart[4].text
    assert seen_apart == seen_together
    assert len(apart.rows()) == 4
    assert list(together.rows()) == ["school"]


async def test_a_school_in_one_process_is_known_to_others_and_keeps_its_log(
    system, school_config, until
):
    school = system(school_config.replace("[system]\n", "[system]\ntogether = true\n"))
    command = await school.up()

    async def all_known() -> bool:
        return await school.registered() == SERVICES

    await until(all_known)
    reading = await school.kitfox("logs", "--grep", "ready at")
    assert await reading.ended() == 0
    assert "school" in reading.output
    command.ctrl_c()
    assert await command.ended() == 0
