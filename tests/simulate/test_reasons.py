from activesci.simulate.reasons import reason_of, shortened


def test_equal_failures_have_equal_reasons(tmp_path):
    """An address in a message would be another one at each try: a replay would differ from what it repeats."""
    first, second = (reason_of(LookupError(object()), tmp_path) for _ in range(2))
    assert first == second == "LookupError: <object object>"
    assert shortened("found <f at 0x7F00ab>, at 0 o'clock") == "found <f>, at 0 o'clock"
