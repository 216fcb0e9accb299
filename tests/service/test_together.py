"""Many threads change one file, and one sync makes many changes durable; none returns before its own is."""

import sqlite3
import threading
import time

import pytest

from activesci.service.together import Together


class Told(sqlite3.Connection):
    """A connection that keeps what it was told."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.said = []
        self.set_trace_callback(self.said.append)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "file.sqlite"


@pytest.fixture
def together(file):
    connection = sqlite3.connect(file, factory=Told, check_same_thread=False, isolation_level=None, timeout=0.0)
    connection.execute("CREATE TABLE told (n INTEGER PRIMARY KEY)")
    yield Together(connection)
    connection.close()


def tell(together, n):
    with together.change() as connection:
        connection.execute("INSERT INTO told VALUES (?)", (n,))


def on_disk(file):
    with sqlite3.connect(file) as other:
        found = [n for (n,) in other.execute("SELECT n FROM told ORDER BY n")]
    other.close()
    return found


def begun(together, *steps):
    """Start threads while this one has the connection, and wait until all of them want it; return them, and errors."""
    errors = []

    def safely(step):
        try:
            step()
        except (sqlite3.Error, ZeroDivisionError, AssertionError) as error:
            errors.append(error)

    threads = [threading.Thread(target=safely, args=(step,)) for step in steps]
    for one in threads:
        one.start()
    while together._coming < len(steps):
        time.sleep(0.001)
    return threads, errors


def commits(together):
    return sum(said == "COMMIT" for said in together._connection.said)


def test_changes_that_come_together_are_synced_once(together, file):
    with together.change() as connection:
        threads, errors = begun(together, *(lambda n=n: tell(together, n) for n in range(1, 21)))
        connection.execute("INSERT INTO told VALUES (0)")
    for one in threads:
        one.join()
    assert (on_disk(file), errors, commits(together)) == (list(range(21)), [], 1)
    tell(together, 21)
    assert (on_disk(file)[-1], commits(together)) == (21, 2)


def test_no_more_than_so_many_wait_for_one_sync(together, file, monkeypatch):
    monkeypatch.setattr("activesci.service.together.MOST", 5)
    with together.change():
        threads, _ = begun(together, *(lambda n=n: tell(together, n) for n in range(20)))
    for one in threads:
        one.join()
    assert on_disk(file) == list(range(20))
    assert commits(together) >= 4


def test_a_change_that_fails_takes_no_other_with_it(together, file):
    def fail():
        with together.change() as connection:
            connection.execute("INSERT INTO told VALUES (100)")
            raise ZeroDivisionError

    with together.change() as connection:
        threads, errors = begun(together, lambda: tell(together, 1), fail, lambda: tell(together, 2))
        connection.execute("INSERT INTO told VALUES (0)")
    for one in threads:
        one.join()
    assert (on_disk(file), [type(one) for one in errors]) == ([0, 1, 2], [ZeroDivisionError])


def test_nothing_is_read_out_that_a_power_loss_could_take_back(together, file):
    seen = []

    def read():
        with together.look() as connection:
            found = connection.execute("SELECT n FROM told").fetchall()
        seen.append((found, on_disk(file)))

    with together.change() as connection:
        connection.execute("INSERT INTO told VALUES (7)")
        with together.look() as own:  # inside a change its own is seen at once
            assert own.execute("SELECT n FROM told").fetchall() == [(7,)]
        threads, errors = begun(together, read)
    for one in threads:
        one.join()
    assert (seen, errors) == ([([(7,)], [7])], [])


def test_where_the_sync_fails_nobody_is_told_that_it_is_done(together, file):
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT * FROM told").fetchall()  # who reads keeps a commit waiting
    with together.look():
        threads, errors = begun(together, *(lambda n=n: tell(together, n) for n in range(3)))
    for one in threads:
        one.join()
    other.close()
    assert [type(one) for one in errors] == [sqlite3.OperationalError] * 3
    assert on_disk(file) == []
    tell(together, 3)
    assert on_disk(file) == [3]


def test_a_change_within_a_change_is_refused(together, file):
    with pytest.raises(AssertionError), together.change():
        tell(together, 1)
    assert on_disk(file) == []


def test_alone_means_that_nothing_is_half_done(together, file):
    def changed_late():
        with together.alone():
            assert on_disk(file) == [0]

    with together.change() as connection:
        threads, errors = begun(together, changed_late)
        connection.execute("INSERT INTO told VALUES (0)")
    for one in threads:
        one.join()
    assert errors == []
