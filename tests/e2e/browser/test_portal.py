"""The school's portal, seen and used in Chromium."""

import signal

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("portal")]

AWAY = "Grades cannot be reached right now"
PATIENCE = 30_000  # milliseconds; the machines that run this have other things to do


@pytest.fixture
def quiet(page):
    """The page; what its browser complains of fails the test, but for answers of 4xx and 5xx."""
    complaints = []

    def hear(message):
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.set_default_timeout(PATIENCE)
    yield page
    assert complaints == [], "the policy forbids something that a page needs"


async def shows(page, selector, *texts):
    await expect(page.locator(selector)).to_have_text(texts, timeout=PATIENCE)


async def is_at(page, url):
    await expect(page).to_have_url(url, timeout=PATIENCE)


async def fill_in(page, title, kind, score):
    await page.get_by_label("Title").fill(title)
    if kind:
        await page.get_by_text(kind, exact=True).last.click()
    await page.get_by_label("Score").fill(score)
    await page.get_by_role("button", name="Add grade").click()


async def test_the_list_leads_to_a_student(quiet, portal):
    await quiet.goto(portal)
    await is_at(quiet, f"{portal}/students")
    assert await quiet.locator("tbody tr").count() == 5
    await quiet.get_by_role("link", name="Okafor, Ada").click()
    await is_at(quiet, f"{portal}/students/1")
    await shows(quiet, "h1", "Ada Okafor")
    await shows(quiet, ".grades tbody th", "Fractions", "On foxes", "Algebra")


async def test_a_grade_is_added_and_a_reload_adds_no_second(quiet, portal):
    await quiet.goto(f"{portal}/students/1")
    await fill_in(quiet, "Botany", "Exam", "61,5")
    await is_at(quiet, f"{portal}/students/1#grade-16")
    await shows(quiet, "tr:target", "Botany Exam 61.5 Change")
    await quiet.reload()
    assert await quiet.locator(".grades tbody tr").count() == 4


async def test_an_invalid_grade_is_kept_and_mended(quiet, portal):
    await quiet.goto(f"{portal}/students/1")
    await fill_in(quiet, "Botany", None, "140")
    await shows(quiet, ".error", "Choose what it was given for.", "A score is from 0 to 100.")
    assert await quiet.get_by_label("Title").input_value() == "Botany"
    assert await quiet.get_by_label("Score").input_value() == "140"
    assert await quiet.get_by_label("Score").get_attribute("aria-invalid") == "true"
    await fill_in(quiet, "Botany", "Exam", "40")
    await is_at(quiet, f"{portal}/students/1#grade-16")
    await shows(quiet, ".error")


async def test_what_is_wrong_has_the_keyboard(quiet, portal):
    await quiet.goto(f"{portal}/students/1")
    await fill_in(quiet, "", "Quiz", "1")
    await expect(quiet.get_by_label("Title")).to_be_focused(timeout=PATIENCE)


async def test_a_student_comes_is_renamed_and_goes(quiet, portal):
    await quiet.goto(portal)
    await quiet.get_by_role("link", name="Add a student").click()
    await quiet.get_by_label("First name").fill("<b>Mia</b>")
    await quiet.get_by_label("Last name").fill("Berg")
    await quiet.get_by_role("button", name="Add student").click()
    await shows(quiet, "h1", "<b>Mia</b> Berg")
    await quiet.get_by_role("link", name="Edit").click()
    await quiet.get_by_label("First name").fill("Mia")
    await quiet.get_by_role("button", name="Save").click()
    await shows(quiet, "h1", "Mia Berg")
    await quiet.get_by_role("link", name="Edit").click()
    await quiet.get_by_role("button", name="Remove student").click()
    await shows(quiet, ".error", "Tick the box first: what is removed does not come back.")
    await quiet.get_by_label("Remove Mia Berg").check()
    await quiet.get_by_role("button", name="Remove student").click()
    await is_at(quiet, f"{portal}/students")
    assert await quiet.locator("tbody tr").count() == 5


async def test_a_grade_is_changed_with_the_keyboard_alone(quiet, portal):
    await quiet.goto(f"{portal}/students/1/grades/1")
    await quiet.get_by_label("Quiz").focus()
    await quiet.keyboard.press("ArrowRight")
    await quiet.keyboard.press("Tab")
    await quiet.keyboard.type("7")
    await quiet.keyboard.press("Enter")
    await shows(quiet, "tr:target", "Fractions Exam 7 Change")


async def test_nothing_needs_a_script(browser, portal):
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{portal}/students/2")
    await fill_in(page, "Botany", "Test", "12")
    await is_at(page, f"{portal}/students/2#grade-16")
    await context.close()


async def test_no_page_is_wider_than_its_screen(page, portal):
    for width in (320, 390, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        for path in ("", "/students/1", "/students/1/grades/2", "/students/new", "/students/77"):
            await page.goto(portal + path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, path


CONTRAST = """
() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => {
    const [r, g, b] = parse(text).slice(0, 3).map((c) => c / 255)
      .map((c) => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const color = getComputedStyle(node).backgroundColor;
      if (parse(color)[3] !== 0) return color;
    }
  };
  const words = [...document.querySelectorAll('main *, header *')].filter(
    (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  return words.map((node) => {
    const [a, b] = [getComputedStyle(node).color, ground(node)].map(light).sort((x, y) => y - x);
    return [(a + .05) / (b + .05), node.textContent.trim().slice(0, 30)];
  }).filter(([ratio]) => ratio < 4.5);
}
"""


async def test_all_text_can_be_read(page, portal):
    """WCAG 2.2, 1.4.3: text and what is behind it differ by 4.5 to 1."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await page.goto(portal)
        assert await page.evaluate(CONTRAST) == []
        await page.goto(f"{portal}/students/3")
        await fill_in(page, "", None, "140")
        await expect(page.locator(".error").first).to_be_visible(timeout=PATIENCE)
        assert await page.evaluate(CONTRAST) == []
        await page.goto(f"{portal}/students/1/grades/2")
        assert await page.evaluate(CONTRAST) == []


async def test_grading_goes_and_comes_back(quiet, school):
    """Four real processes; the portal is not restarted."""
    portal = school.pid("portal")
    await quiet.goto(f"{school.portal}/students/1")
    await shows(quiet, "h1", "Ada Okafor")
    await fill_in(quiet, "Botany", "Exam", "61")
    await is_at(quiet, f"{school.portal}/students/1#grade-16")
    school.send("grading", signal.SIGSTOP)
    assert (await quiet.reload()).status == 503
    await shows(quiet, "h1", AWAY)
    school.send("grading", signal.SIGCONT)
    await shows(quiet, "h1", "Ada Okafor")  # the page has looked again by itself
    school.send("grading", signal.SIGKILL)
    while (await quiet.goto(f"{school.portal}/students/1")).status != 200:
        await shows(quiet, "h1", AWAY)
    await shows(quiet, ".grades tbody th", "Fractions", "On foxes", "Algebra", "Botany")
    assert school.pid("portal") == portal
