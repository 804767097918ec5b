from entrepot.operations.orders.receive_codes import ReceiveCodes


def test_codes_have_six_digits_and_do_not_run_out() -> None:
    codes = ReceiveCodes()
    taken = [code for count in (1, 2, 1_000, 3, 0) for code in codes.take(count)]
    assert len(taken) == 1_006
    assert all(len(code) == 6 and code.isdigit() for code in taken)


def test_codes_come_from_the_whole_range_and_repeat_by_chance_only() -> None:
    taken = ReceiveCodes().take(2_000)
    assert {code[0] for code in taken} == set("0123456789")
    # Of 2,000 out of a million two are the same twice on average; twenty are not to be expected.
    assert len(set(taken)) > 1_980
