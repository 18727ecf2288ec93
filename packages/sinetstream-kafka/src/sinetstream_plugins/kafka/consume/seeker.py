"""Moving to other offsets: for a seek of the application, after a transaction that failed, and after a rebalance."""

from __future__ import annotations

from collections.abc import Callable

from kafka import TopicPartition
from sinetstream.errors import ConnectionError, SinetError

from sinetstream_plugins.kafka.consume.group_member import GroupMember
from sinetstream_plugins.kafka.consume.offsets import PartitionOffsets, Records
from sinetstream_plugins.kafka.kafka_python.consumer import Consumer, Offsets

__all__ = ["FindOffsets", "Seeker"]

FindOffsets = Callable[[Consumer, set[TopicPartition], int], Offsets]
"""Asks the broker where to go in these partitions, for at most so many milliseconds."""


class Seeker:
    """For the consumer's thread."""

    def __init__(self, client: Consumer, offsets: PartitionOffsets, member: GroupMember) -> None:
        self._client = client
        self._offsets = offsets
        self._member = member

    def update_assignment(self, records: Records) -> None:
        """Hold what is assigned, with new states where membership was lost meanwhile: kafka-python may not say so."""
        member_id = self._client.group_metadata().member_id
        stale = [state for state in self._member.assignment.states() if state.member_id != member_id]
        if stale:
            self._member.lose(stale)
            self._client.reset_to_committed(state.partition for state in stale)
            for state in stale:
                records.pop(state.partition, None)
        self._member.assignment.replace(self._client.assignment(), member_id)

    def seek(self, find_offsets: FindOffsets) -> None:
        """Go to other offsets and commit them."""
        if self._member.transaction.is_open:
            raise SinetError("a reader cannot seek within its transaction: seek before the block, or after it")
        partitions = self._client.assignment()
        found = self._offsets.ask_in_slices(lambda ms: find_offsets(self._client, partitions, ms))
        self._offsets.commit_seek(found)
        self._member.revoke(self._member.assignment.states())
        self.update_assignment({})
        self._offsets.seek(found)

    def rewind(self) -> None:
        """Go back to the committed offsets."""
        self._member.revoke(self._member.assignment.states())
        self._client.reset_to_committed(self._client.assignment())
        self._member.transaction.clear_broken()
        self.update_assignment({})
        self._offsets.find_start({})
        if not self._member.assignment.is_started():
            raise ConnectionError("the broker did not say in time where to go on")
