"""What one request comes to under a fault: when it is carried out, and what leaves for the client."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from stickysync_gui.sandbox import answers
from stickysync_gui.sandbox.faults import Fault
from stickysync_gui.sandbox.glue import Glue
from stickysync_gui.sandbox.listing import TOOK_TOO_LONG
from stickysync_gui.sandbox.records import GlueRequest, GlueResponse, Problem

_FAILED = Problem("Internal server error", "something went wrong")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to send: nothing and close (None), the answer, or only its first half and close."""

    response: GlueResponse | None
    half: bool = False


async def outcome(
    fault: Fault,
    glue: Glue,
    request: GlueRequest,
    commit: Callable[[], Awaitable[GlueResponse]],
    silence: Callable[[float], Awaitable[None]],
) -> Outcome:
    """Carry out a fault. `commit` has the request handled; `silence` waits so many seconds or for a release."""
    match fault.kind:
        case "cut_before":
            return Outcome(None)
        case "cut_after":
            await commit()
            return Outcome(None)
        case "cut_midway":
            return Outcome(await commit(), half=True)
        case "hang":
            await silence(fault.seconds)
            return Outcome(None)
        case "hang_after":
            await commit()
            await silence(fault.seconds)
            return Outcome(None)
        case "hang_then_commit":
            await silence(fault.seconds)
            await commit()
            return Outcome(None)
        case "slow":
            await silence(fault.seconds)
            return Outcome(await commit())
        case "slow_answer":
            response = await commit()
            await silence(fault.seconds)
            return Outcome(response)
        case "revoke_key":
            if request.headers.get("x-api-key") in glue.keys:
                glue.set_key(request.headers["x-api-key"], state="revoked")
            return Outcome(await commit())
        case _:
            if fault.kind in ("status_after", "took_too_long_after"):
                await commit()
            return Outcome(_canned(fault, glue))


def _canned(fault: Fault, glue: Glue) -> GlueResponse:
    """An answer that has nothing to do with what was asked."""
    status = fault.shown_status
    if fault.kind == "throttle":
        return glue.throttle(fault.retry_after)
    if fault.kind == "html":
        return GlueResponse(fault.status or 200, {"content-type": "text/html"}, answers.HTML)
    if fault.kind == "redirect":
        return GlueResponse(fault.status or 302, {"location": fault.location}, b"")
    if fault.answer == "empty" or status in (204, 304):
        response = GlueResponse(status, {}, b"")
    elif fault.answer == "html":
        response = GlueResponse(status, {"content-type": "text/html"}, answers.HTML)
    else:
        long = fault.answer == "took_too_long" or fault.kind.startswith("took_too_long")
        shape = replace(glue.switches, error_body="message" if fault.answer == "message" else "errors")
        response = answers.refusal(shape, status, [TOOK_TOO_LONG if long else _FAILED])
    if fault.retry_after is not None:
        wait = {"retry-after": glue.throttle(fault.retry_after).headers.get("retry-after", "")}
        return replace(response, headers={**response.headers, **wait})
    return response
