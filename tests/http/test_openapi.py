"""The document and the page to read it."""

import json
import re
import shutil
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from entrepot.cli.main import run
from entrepot.operations.openapi import openapi_document
from entrepot.operations.registry import CONTRACT, OPERATIONS, OPERATOR, SANDBOX, Api
from tests.support.client import Client
from tests.support.serving import Service

CHROMIUM = shutil.which("chromium")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        await opened.close()


async def test_the_service_and_the_command_give_the_same_document(
    shared_client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served = (await shared_client.request("GET", "/openapi.json")).json
    assert run(["openapi", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == served
    assert run(["openapi", str(tmp_path / "api.json")]) == 0
    assert json.loads((tmp_path / "api.json").read_text()) == served


def test_the_command_lists_the_operations(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["openapi"]) == 0
    listed = capsys.readouterr().out
    assert all(operation.path in listed for operation in OPERATIONS.values())


def test_a_file_that_cannot_be_written_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["openapi", str(tmp_path)]) == 1
    assert "cannot be written: Is a directory" in capsys.readouterr().err


async def test_every_reference_of_the_document_leads_somewhere(shared_client: Client) -> None:
    document = (await shared_client.request("GET", "/openapi.json")).json
    references = re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))
    assert references
    for reference in set(references):
        found = document
        for step in reference.split("/"):
            found = found[step]


async def test_the_page_tells_of_every_operation(shared_client: Client) -> None:
    page = (await shared_client.request("GET", "/docs")).content.decode()
    for operation in OPERATIONS.values():
        assert f'<section id="{operation.id}">' in page
    assert (await shared_client.request("GET", "/")).headers["Location"] == "/docs"


@pytest.mark.parametrize("api", [CONTRACT, OPERATOR, SANDBOX], ids=lambda api: api.name)
def test_every_parameter_in_a_path_says_whose_it_is(api: Api) -> None:
    told = {
        parameter["name"]: parameter["description"]
        for methods in openapi_document(api)["paths"].values()
        for operation in methods.values()
        for parameter in operation["parameters"]
        if parameter["in"] == "path"
    }
    assert told
    assert all(told.values()), told
    if api is OPERATOR:  # its keys belong to no business and no campaign
        assert not re.search("key|campaign", " ".join(told.values())), told


@pytest.mark.parametrize("api", [OPERATOR, SANDBOX], ids=lambda api: api.name)
def test_a_field_that_may_be_absent_says_what_it_means(api: Api) -> None:
    named = "RecordCarrierEventRequest" if api is OPERATOR else "ReportCarrierEventRequest"
    fields = openapi_document(api)["components"]["schemas"][named]["properties"]
    for name, beginning in {"reason": "Why", "receiveCode": "What the buyer"}.items():
        assert fields[name]["description"].startswith(beginning), fields[name]
        assert fields[name]["nullable"]
    assert fields["refused"]["description"] != fields["refused"]["items"].get("description")


async def test_the_operators_page_tells_of_roles_and_not_of_scopes(shared_client: Client) -> None:
    page = (await shared_client.request("GET", "/docs/operator")).content.decode()
    assert "The role, the warehouses or the carrier of the key" in page
    assert "lacks the scope" not in page


async def test_the_page_needs_nothing_from_elsewhere(shared_client: Client) -> None:
    answer = await shared_client.request("GET", "/docs")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in {"script", "iframe", "img"}
            for name, value in attrs:
                if name in {"href", "src"}:
                    assert (value or "").startswith(("/", "#")), value

    Links().feed(answer.content.decode())
    style = await shared_client.request("GET", "/docs/static/api.css")
    assert style.status == 200
    assert b"url(" not in style.content


async def test_an_address_in_the_examples_cannot_bring_markup(shared_client: Client) -> None:
    answer = await shared_client.request("GET", "/docs", headers={"Host": "x<script>y"})
    assert b"<script" not in answer.content


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_reads_in_a_browser(
    browser: Browser, shared_service: Service, width: int, scheme: str
) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    await page.goto(f"{shared_service.base_url}/docs#createOrder")
    for summary in await page.locator("#createOrder summary").all():
        await summary.click()
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.evaluate(wider) == 0
    assert await page.locator("#createOrder pre").first.is_visible()
    assert complaints == []
