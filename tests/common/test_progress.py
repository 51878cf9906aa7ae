"""What will take long says so early, and again when half of that has passed."""

import pytest

from faig.common import progress
from faig.common.progress import duration, progress_bar


@pytest.mark.parametrize(
    ("seconds_each", "said"),
    [
        (0.5, []),
        (2.0, ["3 minutes", "2 minutes"]),
        (500.0, ["13.8 hours", "6.8 hours", "3.3 hours", "1.5 hours", "42 minutes", "17 minutes"]),
    ],
)
def test_a_loop_of_over_a_minute_says_how_long(monkeypatch, capsys, seconds_each, said):
    now, lines = 0.0, "".join(f"attributing: about {time} to go\n" for time in said)
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now)

    def work():
        """Before an item is passed on."""
        nonlocal now
        for number in range(100):
            now += seconds_each
            yield number

    assert list(progress_bar(work(), "attributing", 100)) == list(range(100))
    assert capsys.readouterr() == ("", lines)

    for _ in progress_bar(range(100), "attributing", 100):  # after it
        now += seconds_each
    assert capsys.readouterr() == ("", lines)


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "1 minute"), (95, "2 minutes"), (3599, "60 minutes"), (5400, "1.5 hours")]
)
def test_a_duration_is_for_people(seconds, said):
    assert duration(seconds) == said
