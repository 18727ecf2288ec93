"""How far the application has come in each partition, without a broker."""

from consume_records import PARTITION, assigned, hand_out


def test_records_are_processed_in_the_order_in_which_they_were_handed_out() -> None:
    assignment = assigned(5)
    first, second = hand_out(assignment, 5, 6)

    assert not assignment.record_processed(second)
    assert assignment.record_processed(first)
    assert assignment.record_processed(second)
    assert assignment.states()[0].position == 7


def test_a_record_of_an_earlier_assignment_does_not_count_as_processed() -> None:
    assignment = assigned(5)
    (before,) = hand_out(assignment, 5)
    assignment.revoke(assignment.states())
    assert not assignment.record_processed(before)
    assignment.replace([PARTITION])
    assignment.states()[0].start(5)
    (again,) = hand_out(assignment, 5)

    assert not assignment.record_processed(before)
    assert assignment.record_processed(again)


def test_a_partition_that_comes_back_has_a_new_state() -> None:
    assignment = assigned(5)
    before = assignment.states()[0]
    assignment.revoke([before])
    assignment.replace([PARTITION])

    assert before.revoked
    assert before is not assignment.states()[0]
    assert not assignment.is_started()
