"""Identifiers as AWS writes them."""

from __future__ import annotations

import re
from uuid import UUID

from ingle.model.identifiers import TRACE_HEADER, new_request_id, new_trace_header


def test_request_ids_are_random_uuids_in_their_text_form() -> None:
    made = {new_request_id() for _ in range(200)}
    assert len(made) == 200
    for one in made:
        assert str(UUID(one)) == one
        assert UUID(one).version == 4


def test_a_trace_header_is_well_formed_and_not_sampled() -> None:
    header = new_trace_header()
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0", header)
    assert TRACE_HEADER.fullmatch(header)


def test_no_line_end_gets_into_a_trace_header() -> None:
    assert TRACE_HEADER.fullmatch("Root=1\r\nX: y") is None
    assert TRACE_HEADER.fullmatch("Root=1\n") is None
