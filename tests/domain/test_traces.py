import json

import pytest

from stickysync_gui.domain.traces import trace_of

VALUE = "Canary-\"'\\ü`🔑\n%s{x}"


def invalid_number() -> None:
    int(VALUE)


def missing_key() -> None:
    {}[VALUE]


def quoted_by_a_library() -> None:
    raise RuntimeError(f"(1062, \"Duplicate entry '{VALUE}' for key 'PRIMARY'\")")


def in_the_cause() -> None:
    try:
        float(VALUE)
    except ValueError as error:
        raise OSError(5, "no", VALUE) from error


def in_the_context() -> None:
    try:
        missing_key()
    except KeyError:
        json.loads(VALUE)


def in_a_group() -> None:
    raise ExceptionGroup("two", [ValueError(repr(VALUE)), KeyError(VALUE)])


def that_cannot_say_it() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError(VALUE)

    raise Mute


@pytest.mark.parametrize(
    "fail",
    [
        invalid_number,
        missing_key,
        quoted_by_a_library,
        in_the_cause,
        in_the_context,
        in_a_group,
        that_cannot_say_it,
    ],
)
def test_a_value_that_an_exception_quotes_is_not_in_its_trace(fail) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - each its own
        fail()

    trace = trace_of(caught.value)

    assert "Canary-" not in trace.replace('VALUE = "Canary-', "")
    assert f"in {fail.__name__}" in trace


def test_what_speaks_of_code_stays_readable() -> None:
    with pytest.raises(AttributeError) as caught:
        None.nothing  # noqa: B018

    assert "AttributeError: 'NoneType' object has no attribute 'nothing'" in trace_of(caught.value)


def test_causes_stand_before_what_they_caused() -> None:
    with pytest.raises(OSError, match="no") as caught:
        in_the_cause()

    trace = trace_of(caught.value)

    assert trace.index("ValueError") < trace.index("direct cause") < trace.index("OSError")
