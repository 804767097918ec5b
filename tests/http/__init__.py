"""The API over HTTP."""  # noqa: A005 - imported as tests.http, never as http
