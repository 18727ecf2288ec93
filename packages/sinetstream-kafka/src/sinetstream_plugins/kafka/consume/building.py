"""What a reader is made of, by its options: kafka-python's consumer, and when offsets are committed."""

from __future__ import annotations

from sinetstream.spi import AT_MOST_ONCE

from sinetstream_plugins.kafka.consume.assignment import Assignment
from sinetstream_plugins.kafka.consume.fetch_buffer import FetchBuffer
from sinetstream_plugins.kafka.consume.group_member import GroupMember
from sinetstream_plugins.kafka.consume.offset_committer import CommitAfterProcessing, CommitOnReceipt, OffsetCommitter
from sinetstream_plugins.kafka.consume.offsets import PartitionOffsets
from sinetstream_plugins.kafka.kafka_python.consumer import Consumer
from sinetstream_plugins.kafka.options.client_options import Options

__all__ = ["build_member", "connect"]

_MAX_MESSAGES = 1000
_NEW_TOPICS_MS = 10_000


def connect(options: Options) -> Consumer:
    """A consumer that knows the cluster and is not subscribed yet."""
    settings = dict(options.client)
    if options.topic_pattern is not None:
        settings.setdefault("metadata_max_age_ms", _NEW_TOPICS_MS)
    if options.consistency is not AT_MOST_ONCE:
        settings["auto_offset_reset"] = "none"  # `OffsetReset` decides
    return Consumer(settings, options.max_decompressed_bytes)


def build_member(options: Options, client: Consumer, assignment: Assignment, offsets: PartitionOffsets) -> GroupMember:
    """Commits on receipt at AT_MOST_ONCE, after processing above it, and never without a group."""
    has_group = options.client.get("group_id") is not None
    keeps_received = has_group and options.consistency is AT_MOST_ONCE
    buffer = FetchBuffer(1 if keeps_received else _MAX_MESSAGES, assignment.count_in_flight)
    committer = OffsetCommitter()
    if keeps_received:
        committer = CommitOnReceipt(offsets.commit)
    elif has_group:
        committer = CommitAfterProcessing(client.send_commit, assignment, buffer.put_error)
    return GroupMember(assignment, buffer, committer, keeps_received=keeps_received)
