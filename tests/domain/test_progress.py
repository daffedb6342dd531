"""Rate and time left as a progress bar shows them."""

from stickysync_gui.domain.planned import Action, Status
from stickysync_gui.domain.progress import Outcome, PageRead, Phase, PhaseStarted, Step, Summary, Tally, Waiting


def step(action: Action = Action.CREATE, outcome: Outcome = Outcome.DONE, status: Status = Status.NEW) -> Step:
    return Step(1, 1, status, action, outcome)


def test_rate_and_time_left() -> None:
    tally = Tally()
    tally.take(PhaseStarted(Phase.APPLYING, 100), 0.0)
    assert tally.seconds_left(0.0) is None
    for second in range(1, 11):
        tally.take(step(), float(second))
    assert tally.done == 10
    assert 0.9 < tally.rate(10.0) < 1.2
    left = tally.seconds_left(10.0)
    assert left is not None
    assert 75 < left < 100


def test_old_steps_leave_the_rate_and_a_new_phase_starts_at_nothing() -> None:
    tally = Tally()
    tally.take(PhaseStarted(Phase.APPLYING, 2), 0.0)
    tally.take(step(), 1.0)
    tally.take(step(), 2.0)
    assert tally.rate(100.0) == 0.0
    tally.take(PhaseStarted(Phase.SETTLING, 1), 100.0)
    tally.take(Waiting(60, "why"), 100.0)
    assert (tally.done, tally.waiting) == (0, Waiting(60, "why"))
    tally.take(PageRead(1000, 3000), 101.0)
    assert (tally.done, tally.total) == (1000, 3000)


def test_every_step_is_counted_once() -> None:
    steps = [
        step(),
        step(Action.LINK),
        step(Action.UPDATE),
        step(Action.NONE, status=Status.IN_SYNC),
        step(Action.NONE, Outcome.SKIPPED, Status.MOVED),
        step(outcome=Outcome.FAILED),
    ]
    summary = Summary("run", steps)
    assert summary.sentence() == "1 created, 1 linked, 1 updated, 1 unchanged, 1 skipped, 1 failed"
    assert summary.skipped_by_status == {Status.MOVED: 1}
