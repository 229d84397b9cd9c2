"""Answers FHIR requests from a view of the store: what HAPI's servlet does.

It knows nothing of sockets: the embedded client and the HTTP server both call it.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote

from grasp_medagentbench.fhir.bundle import Entry, Page, print_page, print_resource
from grasp_medagentbench.fhir.capability import capability_statement
from grasp_medagentbench.fhir.dates import instant_text
from grasp_medagentbench.fhir.definitions import resource_types
from grasp_medagentbench.fhir.errors import RequestRejected
from grasp_medagentbench.fhir.includes import included
from grasp_medagentbench.fhir.message import FHIR_JSON, FhirResponse
from grasp_medagentbench.fhir.outcome import outcome
from grasp_medagentbench.fhir.parsing import Parsing, check_references, parse_body
from grasp_medagentbench.fhir.pretty import compact, pretty
from grasp_medagentbench.fhir.query import (
    Pairs,
    any_of,
    canonical_query,
    escape,
    parse_query,
)
from grasp_medagentbench.fhir.request import (
    SearchRequest,
    element_names,
    parse_search,
)
from grasp_medagentbench.fhir.segment import StoredRow
from grasp_medagentbench.fhir.store import Found, Overlay, View
from grasp_medagentbench.fhir.subset import Subset

#: HAPI starter's ``default_page_size``.
PAGE_SIZE = 20


class FhirService:
    """One FHIR endpoint over one view.

    Args:
        view: What is searched, and written to if it is an overlay.
        base_url: The address that links in answers begin with, without a closing slash.
        parsing: How strictly the bodies of POST and PUT are read.
    """

    def __init__(self, view: View, base_url: str, parsing: Parsing = "strict") -> None:
        self._view = view
        self._base = base_url.rstrip("/")
        self._parsing: Parsing = parsing

    def handle(
        self, method: str, path: str, query: str = "", body: str | bytes | None = None
    ) -> FhirResponse:
        """Answer one request.

        Args:
            method: The HTTP method.
            path: The path below the base URL, still escaped.
            query: The query string, still escaped.
            body: The body of a POST or PUT.
        """
        pairs = parse_query(query)
        indented = _wants_pretty(pairs)
        try:
            return self._route(method.upper(), path, pairs, body, indented)
        except RequestRejected as error:
            text = outcome(error.diagnostics, code=error.code)
            return _answer(error.status, pretty(text) if indented else compact(text))

    def _route(
        self, method: str, path: str, pairs: Pairs, body: str | bytes | None, indented: bool
    ) -> FhirResponse:
        parts = [unquote(part, errors="replace") for part in path.strip("/").split("/")]
        parts = [part for part in parts if part]
        if not parts or any(name == "_getpages" for name, _ in pairs):
            return self._root(method, pairs, indented)
        if parts == ["metadata"] and method in ("GET", "OPTIONS"):
            return _answer(200, _metadata(self._base, self._view.now, indented))
        type_ = parts[0]
        if type_ not in resource_types():
            known = ", ".join(resource_types())
            raise RequestRejected(
                404,
                f"HAPI-0302: Unknown resource type '{type_}' - "
                f"Server knows how to handle: [{known}]",
            )
        if len(parts) == 1 and method == "GET":
            return self._search(type_, type_, pairs, indented)
        if len(parts) == 1 and method == "POST":
            return self._create(type_, body, indented)
        if parts[1:] == ["_search"] and method in ("GET", "POST"):
            form = body.decode("utf-8", "replace") if isinstance(body, bytes) else body or ""
            pairs = pairs + (parse_query(form) if method == "POST" else ())
            return self._search(type_, "/".join(parts), pairs, _wants_pretty(pairs))
        if len(parts) == 2 and not parts[1].startswith(("$", "_")):
            if method == "GET":
                return self._read(type_, parts[1], pairs, indented)
            if method == "PUT":
                return self._update(type_, parts[1], body, indented)
            if method == "POST":
                raise RequestRejected(
                    400,
                    f'HAPI-0365: Can not create resource with ID "{parts[1]}", ID must not be '
                    "supplied on a create (POST) operation (use an HTTP PUT / update operation "
                    "if you wish to supply an ID)",
                )
        if len(parts) == 4 and parts[2] == "_history" and method == "GET":
            return self._read(type_, parts[1], pairs, indented, version=parts[3])
        if type_ == "Patient" and parts[2:] == ["$everything"] and method == "GET":
            return self._everything(parts[1], pairs, indented)
        raise _unhandled(method, "/".join(parts), pairs)

    def _everything(self, id_: str, pairs: Pairs, indented: bool) -> FhirResponse:
        if self._view.read("Patient", id_) is None:
            raise RequestRejected(404, f"HAPI-2001: Resource Patient/{id_} is not known")
        types = [part for name, value in pairs if name == "_type" for part in any_of(value)]
        found = self._view.everything("Patient", id_, types)
        request = SearchRequest("Patient")
        query = canonical_query(pairs)
        self_link = f"{self._base}/Patient/{id_}/$everything" + (f"?{query}" if query else "")
        page = self._view.keep_page(self_link, request, found)
        count = _positive(pairs, "_count") or PAGE_SIZE
        return self._page(request, found, page, self_link, pairs, 0, count, indented)

    def _root(self, method: str, pairs: Pairs, indented: bool) -> FhirResponse:
        pages = [value for name, value in pairs if name == "_getpages"]
        if not pages:
            raise RequestRejected(
                400,
                "HAPI-0287: This is the base URL of FHIR server. Unable to handle this request, "
                "as it does not contain a resource type or operation name.",
            )
        if method != "GET":
            raise RequestRejected(400, "HAPI-0416: Requests for _getpages must use HTTP GET")
        kept = self._view.page(pages[0])
        if kept is None:
            raise RequestRejected(
                410, f'HAPI-0417: Search ID "{pages[0]}" does not exist and may have expired'
            )
        request, found = kept
        count = _positive(pairs, "_count") or PAGE_SIZE
        offset = _positive(pairs, "_getpagesoffset") or 0
        self_link = f"{self._base}?{canonical_query(pairs)}"
        return self._page(request, found, pages[0], self_link, pairs, offset, count, indented)

    def _search(self, type_: str, path: str, pairs: Pairs, indented: bool) -> FhirResponse:
        request = parse_search(type_, pairs)
        found = self._view.search(request)
        query = canonical_query(pairs)
        self_link = f"{self._base}/{path}" + (f"?{query}" if query else "")
        page = self._view.keep_page(self_link, request, found)
        offset = request.offset or 0
        if request.summary == "count":
            return self._print(request, (), page, (), len(found), indented)
        count = request.count or PAGE_SIZE
        return self._page(request, found, page, self_link, pairs, offset, count, indented)

    def _page(
        self,
        request: SearchRequest,
        found: Found,
        page: str,
        self_link: str,
        pairs: Pairs,
        offset: int,
        count: int,
        indented: bool,
    ) -> FhirResponse:
        shown = found[offset : offset + count]
        links = [("self", self_link)]
        if offset + count < len(found):
            links.append(("next", self._page_link(page, offset + count, count, pairs, indented)))
        if offset:
            before = max(0, offset - count)
            links.append(("previous", self._page_link(page, before, count, pairs, indented)))
        paged = any(name == "_getpages" for name, _ in pairs)
        known = len(links) == 1 or paged or request.total in ("accurate", "estimate")
        total = len(found) if known and request.total != "none" else None
        entries = [self._entry(row) for row in self._view.load(shown)]
        entries += [self._entry(row, "include") for row in included(self._view, request, shown)]
        return self._print(request, entries, page, tuple(links), total, indented)

    def _print(
        self,
        request: SearchRequest,
        entries: list[Entry] | tuple[()],
        page: str,
        links: tuple[tuple[str, str], ...],
        total: int | None,
        indented: bool,
    ) -> FhirResponse:
        subset = Subset(request.summary, request.elements)
        bundle = Page(page, instant_text(self._view.now), links, entries, total, subset)
        return _answer(200, print_page(bundle, indented=indented))

    def _page_link(self, page: str, offset: int, count: int, pairs: Pairs, indented: bool) -> str:
        link = f"{self._base}?_getpages={page}&_getpagesoffset={offset}&_count={count}"
        formats = [value for name, value in pairs if name == "_format"]
        if formats:
            link += f"&_format={escape(formats[0])}"
        if indented:
            link += "&_pretty=true"
        return f"{link}&_bundletype=searchset"

    def _entry(self, row: StoredRow, mode: str = "match") -> Entry:
        return Entry(f"{self._base}/{row.type}/{row.id}", row.body, mode)

    def _read(
        self, type_: str, id_: str, pairs: Pairs, indented: bool, version: str = ""
    ) -> FhirResponse:
        row = self._view.read(type_, id_)
        if row is None:
            raise RequestRejected(404, f"HAPI-2001: Resource {type_}/{id_} is not known")
        if version and version != row.version:
            raise RequestRejected(
                404, f'HAPI-0979: Version "{version}" is not valid for resource {type_}/{id_}'
            )
        values = dict(pairs)
        names = element_names(type_, [values["_elements"]] if "_elements" in values else [])
        subset = Subset(values.get("_summary", ""), names)
        return self._resource(200, row, print_resource(row.body, subset, indented=indented))

    def _create(self, type_: str, body: str | bytes | None, indented: bool) -> FhirResponse:
        overlay = self._writable()
        resource = parse_body(type_, body, self._parsing)
        check_references(resource, overlay)
        row = overlay.create(resource)
        return self._resource(201, row, print_resource(row.body, Subset(), indented=indented))

    def _update(
        self, type_: str, id_: str, body: str | bytes | None, indented: bool
    ) -> FhirResponse:
        overlay = self._writable()
        resource = parse_body(type_, body, self._parsing)
        if resource.get("id") != id_:
            raise RequestRejected(
                400,
                "HAPI-0420: Can not update resource, resource body must contain an ID element "
                "which matches the request URL for update (PUT) operation - Resource body ID of "
                f'"{resource.get("id")}" does not match URL ID of "{id_}"',
            )
        if id_.isdigit() and overlay.read(type_, id_) is None:
            raise RequestRejected(
                400,
                f"HAPI-0960: Can not create resource with ID[{id_}], no resource with this ID "
                "exists and clients may only assign IDs which contain at least one non-numeric "
                "character",
            )
        check_references(resource, overlay)
        row, new = overlay.update(resource, id_)
        text = print_resource(row.body, Subset(), indented=indented)
        return self._resource(201 if new else 200, row, text)

    def _writable(self) -> Overlay:
        if not isinstance(self._view, Overlay):
            raise RequestRejected(405, "This view of the store is read-only", "not-supported")
        return self._view

    def _resource(self, status: int, row: StoredRow, text: str) -> FhirResponse:
        place = f"{self._base}/{row.type}/{row.id}/_history/{row.version}"
        headers = {"ETag": f'W/"{row.version}"', "Content-Location": place}
        if status == 201:
            headers["Location"] = place
        return _answer(status, text, headers)


@lru_cache(maxsize=8)
def _metadata(base: str, now: int, indented: bool) -> str:
    statement = capability_statement(base, now)
    return pretty(statement) if indented else compact(statement)


def _answer(status: int, text: str, headers: dict[str, str] | None = None) -> FhirResponse:
    shown = {"Content-Type": FHIR_JSON, "X-Powered-By": "grasp-medagentbench", **(headers or {})}
    return FhirResponse(status, "", FHIR_JSON, text, shown)


def _wants_pretty(pairs: Pairs) -> bool:
    """HAPI's starter prints over several lines unless told not to."""
    return not any(name == "_pretty" and value == "false" for name, value in pairs)


def _positive(pairs: Pairs, name: str) -> int | None:
    for given, value in pairs:
        if given == name and value.isascii() and value.isdigit() and len(value) < 10:
            return int(value)
    return None


def _unhandled(method: str, path: str, pairs: Pairs) -> RequestRejected:
    names = ", ".join(sorted({name for name, _ in pairs}))
    return RequestRejected(
        400,
        "HAPI-0287: Invalid request: The FHIR endpoint on this server does not know how to "
        f"handle {method} operation[{path}] with parameters [[{names}]]",
        "not-supported",
    )
