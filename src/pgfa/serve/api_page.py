"""The HTTP interface as a page for people, written from its OpenAPI description: no scripts, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]

LIVE = """
<section id="live"><h2><span class="method">WS</span> <code>/api/live</code></h2>
<p>Live frames over a WebSocket, from a page of this server or from a program. The address has the sentences and, if
classes were taught, the session:
<code>/api/live?sentence=a+person+waves&amp;sentence=a+person+bows&amp;session=S</code>.
Messages are those of <code>pgfa live</code>: a header, then frames.</p>
<pre><code>&gt; {"layout": "kinect20"}
&gt; {"t": 0.033, "bodies": [[[0.1, 0.9, 2.5], null, ...]]}
&lt; {"t": 0.2, "bodies": [{"body": 0, "answers": [{"sentence": "a person waves", ...}, ...], ...}], "ms": 9.5}
&lt; {"note": "live, line 12: the time 0.1 does not follow 0.4; the frame is left out"}
&lt; {"error": {"kind": "BadFile", "message": "...", "expected": "...", "found": "...", "where": "..."}}</code></pre>
<p>A message that is not valid is answered by an error, a time that does not follow by a note;
neither ends the stream.</p>
</section>"""


def api_page(openapi: Json) -> str:
    """The page for an OpenAPI description."""
    schemas: Json = openapi["components"]["schemas"]
    requests = [
        (method, path, request)
        for path, methods in openapi["paths"].items()
        for method, request in methods.items()
    ]
    contents = "".join(
        f'<li><a href="#{escape(_anchor(method, path))}"><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}</code></a></li>"
        for method, path, _ in requests
    )
    sections = "".join(_section(method, path, request, schemas) for method, path, request in requests)
    models = "".join(_model(name, schema) for name, schema in schemas.items() if "properties" in schema)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>pgfa: HTTP interface</title>'
        '<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/player.css">'
        '<link rel="stylesheet" href="/static/api.css"></head><body class="api"><main>'
        f"<h1>HTTP interface of pgfa {escape(openapi['info']['version'])}</h1>"
        '<p>Also as <a href="/openapi.json">OpenAPI</a>. <a href="/">Back to the page.</a></p>'
        f'<nav aria-label="Requests"><ul>{contents}<li><a href="#live"><span class="method">WS</span> '
        "<code>/api/live</code></a></li></ul></nav>"
        f"{sections}{LIVE}{_errors(requests)}<h2>Objects</h2>{models}</main></body></html>"
    )


def _section(method: str, path: str, request: Json, schemas: Json) -> str:
    paragraphs = "".join(
        f"<p>{_marked(text)}</p>"
        for text in str(request.get("description", request.get("summary", ""))).split("\n\n")
    )
    parameters = "".join(
        f"<tr><td><code>{escape(one['name'])}</code></td><td>{escape(one['in'])}</td>"
        f"<td>{_type(one['schema'])}</td><td>{escape(str(one.get('description', '')))}</td></tr>"
        for one in request.get("parameters", ())
    )
    table = _table(("parameter", "in", "type", ""), parameters) if parameters else ""
    return (
        f'<section id="{escape(_anchor(method, path))}"><h2><span class="method">{method.upper()}</span> '
        f"<code>{escape(path)}</code></h2>{paragraphs}{table}{_body(request)}{_response(request)}"
        f"<pre><code>{escape(_curl(method, path, request, schemas))}</code></pre></section>"
    )


def _body(request: Json) -> str:
    body = request.get("requestBody")
    if body is None:
        return ""
    kinds = [
        f"<code>{escape(kind)}</code>: {_type(media.get('schema', {}))}"
        for kind, media in body["content"].items()
    ]
    text = escape(str(body.get("description", "")))
    return f"<p><b>Body.</b> {'; '.join(kinds)}{'. ' if text else ''}{text}</p>"


def _response(request: Json) -> str:
    status, response = next(item for item in request["responses"].items() if item[0].startswith("2"))
    media = response.get("content", {}).get("application/json")
    text = _type(media["schema"]) if media else escape(str(response.get("description", "")))
    return f"<p><b>Response.</b> {status}: {text}</p>"


def _curl(method: str, path: str, request: Json, schemas: Json) -> str:
    """A command line for a shell, with $HOST, $S and the like where a value is to be put in."""
    names = [
        one["name"] for one in request.get("parameters", ()) if one["in"] == "query" and one.get("required")
    ]
    query = "&".join(f"{name}=a+person+waves" for name in names)
    address = path.replace("{session}", "$S").replace("{", "$").replace("}", "")
    body = request.get("requestBody", {}).get("content", {})
    data = ""
    if "multipart/form-data" in body:
        data = " -F file=@clip.npz"
    elif "application/json" in body:
        name = body["application/json"]["schema"]["$ref"].rpartition("/")[2]
        required = schemas[name].get("required", ())
        fields = ", ".join(f'"{field}": ...' for field in required)
        data = f" -H 'Content-Type: application/json' -d '{{{fields}}}'"
    verb = "" if method == "get" or (method == "post" and data) else f" -X {method.upper()}"
    return f'curl{verb}{data} "http://$HOST{address}{"?" if query else ""}{query}"'


def _errors(requests: list[tuple[str, str, Json]]) -> str:
    responses: dict[str, str] = {}
    for _, path, request in requests:
        if path.startswith("/api/"):
            responses |= {
                status: str(response["description"])
                for status, response in request["responses"].items()
                if status.startswith("4")
            }
    rows = "".join(
        f"<tr><td>{status}</td><td>{escape(text)}</td></tr>" for status, text in sorted(responses.items())
    )
    return (
        '<section id="errors"><h2>Errors</h2><p>All errors have one form; 429 and 503 have a header '
        "<code>Retry-After</code>.</p><pre><code>"
        '{"error": {"kind": "LimitExceeded", "message": "sentences: expected at most 50, found 51", '
        '"expected": "at most 50", "found": "51", "where": "sentences"}}</code></pre>'
        f"{_table(('status', 'meaning'), rows)}</section>"
    )


def _model(name: str, schema: Json) -> str:
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{'' if field in required else ' <i>optional</i>'}</td>"
        f"<td>{_type(value)}</td><td>{_marked(str(value.get('description', '')))}</td></tr>"
        for field, value in schema["properties"].items()
    )
    head = f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{_marked(str(schema.get("description", "")))}</p>'
    return head + _table(("field", "type", ""), rows)


def _type(schema: Json) -> str:
    """A type in words, with links to the objects."""
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"<code>{escape(str(one))}</code>" for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("format") == "binary":
        return "bytes"
    return escape(str(schema.get("type", "any")))


def _table(head: tuple[str, ...], rows: str) -> str:
    cells = "".join(f'<th scope="col">{text or "meaning"}</th>' for text in head)
    return f'<div class="scroll"><table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>'


def _marked(text: str) -> str:
    """Text in which `...` is code."""
    parts = escape(text.replace("``", "`"), quote=False).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def _anchor(method: str, path: str) -> str:
    return f"{method}{path.replace('/', '-').replace('{', '').replace('}', '')}"
