"""Every name of kafka-python's that this plugin uses and kafka-python's documentation does not list."""

from __future__ import annotations

from collections.abc import Mapping
from dis import get_instructions
from functools import cache
from importlib import import_module
from types import CodeType, FunctionType
from typing import Any

__all__ = ["REQUIRED", "SPEED", "missing"]

Surface = Mapping[str, str]
"""Names by their owner: a module, or a class as `module:Class`. A name of a class may be set in its methods."""

REQUIRED: Surface = {
    "kafka.cluster:ClusterMetadata": "_last_successful_refresh_ms config cluster_id unauthorized_topics",
    "kafka.consumer.group:KafkaConsumer": "DEFAULT_CONFIG config _client _closed _cluster _coordinator _fetcher _manager _net _subscription",
    "kafka.codec": "lz4 lz4_decode snappy_decode zstd",
    "kafka.consumer.fetcher": "Fetcher",
    "kafka.consumer.fetcher:Fetcher": "PartitionRecords _client _sensors _subscriptions config",
    "kafka.consumer.fetcher:Fetcher.PartitionRecords": "_unpack_records",
    "kafka.consumer.subscription_state:SubscriptionState": "assign_from_subscribed assigned_partitions assignment",
    "kafka.consumer.subscription_state:TopicPartitionState": "highwater",
    "kafka.coordinator.assignors.abstract": "AbstractPartitionAssignor",
    "kafka.coordinator.assignors.cooperative_sticky": "CooperativeStickyAssignor",
    "kafka.coordinator.assignors.range": "RangePartitionAssignor",
    "kafka.coordinator.assignors.roundrobin": "RoundRobinPartitionAssignor",
    "kafka.coordinator.assignors.sticky.sticky_assignor": "StickyPartitionAssignor",
    "kafka.coordinator.base:BaseCoordinator": "need_rejoin rejoining request_rejoin",
    "kafka.coordinator.consumer:ConsumerCoordinator": "_send_offset_commit_request fetch_committed_offsets",
    "kafka.future:Future": "add_both add_callback add_errback exception failed is_done succeeded value",
    "kafka.net.compat": "KafkaNetClient",
    "kafka.net.compat:KafkaNetClient": "_manager _net close poll",
    "kafka.net.connection:KafkaConnection": "init_future",
    "kafka.net.manager:KafkaConnectionManager": (
        "_conns bootstrap_async broker_version_data call_soon cluster get_connection wait_for"
    ),
    "kafka.net.sasl": "SASL_MECHANISMS get_sasl_mechanism",
    "kafka.net.sasl.oauth": "AbstractTokenProvider",
    "kafka.net.selector:NetworkSelector": "call_soon_threadsafe run sleep",
    "kafka.producer.kafka:KafkaProducer": (
        "DEFAULT_CONFIG config _COMPRESSORS _closed _init_transactions_result _metadata _sender _transaction_manager "
        "_unregister_cleanup"
    ),
    "kafka.producer.producer_batch:ProducerBatch": "base_sequence has_sequence topic_partition",
    "kafka.producer.sender:Sender": "_client force_close wakeup",
    "kafka.producer.transaction_manager:TransactionManager": (
        "ERROR_CLASS_RETRIABLE _enqueue_request _lock _supports_epoch_bump _transition_to begin_abort begin_commit classify_batch_error has_error has_fatal_error is_completing "
        "is_transactional last_error producer_id_and_epoch send_offsets_to_transaction set_producer_id_and_epoch set_sequence_number "
        "transaction_timeout_ms transition_to_abortable_error"
    ),
    "kafka.producer.transaction_manager": "InitProducerIdHandler TransactionState",
    "kafka.producer.transaction_manager:InitProducerIdHandler": "fatal_error handle_response result",
    "kafka.producer.transaction_manager:ProducerIdAndEpoch": "is_valid match",
    "kafka.producer.transaction_manager:TransactionalRequestResult": "wait",
    "kafka.record.default_records": "DefaultRecordBatch",
    "kafka.record.default_records:DefaultRecordBatch": (
        "CODEC_GZIP CODEC_LZ4 CODEC_NONE CODEC_SNAPPY CODEC_ZSTD _assert_has_codec _buffer _decompressed _maybe_uncompress _pos "
        "base_offset compression_type next_offset"
    ),
}
"""Without one of these the plugin does not work."""

SPEED: Mapping[str, Surface] = {
    "fast_send": {
        "kafka.cluster:ClusterMetadata": "_partitions available_partitions_for_topic",
        "kafka.future:Future": "_add_cb_eb",
        "kafka.partitioner": "DefaultPartitioner",
        "kafka.producer.future:FutureRecordMetadata": "_produce_future",
        "kafka.producer.kafka:KafkaProducer": "_accumulator",
        "kafka.producer.producer_batch:ProducerBatch": "produce_future try_append",
        "kafka.producer.record_accumulator:RecordAccumulator": "_batches _tp_lock append",
        "kafka.producer.transaction_manager:TransactionManager": "maybe_add_partition_to_transaction",
    },
    "fast_decode": {
        "kafka.record.default_records:DefaultRecordBatch": (
            "LOG_APPEND_TIME _next_record_index _num_records first_timestamp max_timestamp timestamp_type"
        ),
        "kafka.record.util": "decode_varint",
    },
    "recv_buffer": {
        "kafka.net.inet": "create_connection",
        "kafka.net.manager": "KafkaConnectionManager",
        "kafka.net.manager:KafkaConnectionManager": "_build_transport _net config ssl_enabled",
        "kafka.net.selector": "NetworkSelector",
        "kafka.net.transport": "KafkaSSLTransport KafkaTCPTransport",
        "kafka.net.transport:KafkaSSLTransport": "_sock_recv handshake",
        "kafka.net.transport:KafkaTCPTransport": "_sock _sock_recv handshake",
    },
}
"""Without one of these the plugin is slower."""


def missing(surface: Surface) -> list[str]:
    """The names that the installed kafka-python lacks."""
    return [
        f"{owner.replace(':', '.')}.{name}"
        for owner, names in surface.items()
        for name in names.split()
        if not _has(_find(owner), name)
    ]


def _find(owner: str) -> Any:
    module, _, path = owner.partition(":")
    try:
        found: Any = import_module(module)
        for name in path.split(".") if path else ():
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return None
    return found


def _has(owner: Any, name: str) -> bool:
    return hasattr(owner, name) or (isinstance(owner, type) and _is_set_in_methods(owner, name))


def _is_set_in_methods(owner: type, name: str) -> bool:
    functions = (value for cls in owner.__mro__ for value in vars(cls).values() if isinstance(value, FunctionType))
    return any(
        name in function.__code__.co_names and name in _stored_names(function.__code__) for function in functions
    )


@cache
def _stored_names(code: CodeType) -> frozenset[str]:
    return frozenset(step.argval for step in get_instructions(code) if step.opname == "STORE_ATTR")
