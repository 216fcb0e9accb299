from activesci.execute.allowance import DEATHS, DIED, GRACE, MACHINE, MACHINES, MEMORY, Allowance


def test_deaths_of_all_kinds_count_together_and_lost_machines_hardly():
    allowed = Allowance()
    assert not allowed.used_up([DIED, MEMORY])
    assert allowed.used_up([DIED, MEMORY, DIED])
    assert not allowed.used_up([MACHINE] * (MACHINES - 1))
    assert not allowed.used_up([MACHINE, DIED] * (DEATHS - 1))
    assert allowed.used_up([MACHINE] * MACHINES)


def test_what_did_not_stop_in_time_is_tried_again_only_if_the_study_says_so():
    once, thrice = Allowance(timeout=2.0), Allowance(deaths=3, timeouts=3, timeout=2.0)
    assert once.used_up([once.late])
    assert not thrice.used_up([once.late] * 2)
    assert once.verdict([DIED, once.late]) == once.late


def test_a_worker_has_time_for_every_attempt():
    assert Allowance().limit is None
    assert Allowance(timeouts=3, timeout=2.0).limit == 3 * (2.0 + GRACE)


def test_the_verdict_counts_what_happened():
    assert Allowance().verdict([MACHINE, DIED, DIED, DIED]) == "its worker died 3 times"
    assert Allowance(deaths=1).verdict([DIED]) == "its worker died once"
