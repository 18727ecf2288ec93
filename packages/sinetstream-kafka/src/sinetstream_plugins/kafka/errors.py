"""From every exception of kafka-python to one of ours."""

from __future__ import annotations

from kafka.errors import MessageSizeTooLargeError
from sinetstream import errors as ours

from sinetstream_plugins.kafka.kafka_python.exceptions import MODULES

__all__ = ["READING", "WRITING", "not_sent"]

_NAMES: dict[type[ours.SinetError], str] = {
    ours.AuthorizationError: """
        AuthorizationError ClusterAuthorizationFailedError DelegationTokenAuthorizationFailedError
        DelegationTokenOwnerMismatchError GroupAuthorizationFailedError PolicyViolationError
        TopicAuthorizationFailedError TransactionalIdAuthorizationFailedError
    """,
    ours.ConnectionError: """
        BrokerIdNotRegisteredError BrokerNotAvailableError Cancelled CommitFailedError ConcurrentTransactionsError
        CoordinatorLoadInProgressError CoordinatorNotAvailableError CorrelationIdError
        DelegationTokenAuthDisabledError DelegationTokenExpiredError DelegationTokenNotFoundError
        DelegationTokenRequestNotAllowedError DuplicateBrokerRegistrationError ElectionNotNeededError
        EligibleLeadersNotAvailableError FencedInstanceIdError FencedLeaderEpochError FencedMemberEpochError
        FencedStateEpochError FetchSessionIdNotFoundError FetchSessionTopicIdError GroupIdNotFoundError
        GroupMaxSizeReachedError IllegalGenerationError IllegalSaslStateError IneligibleReplicaError
        InvalidFetchSessionEpochError InvalidMetadataError InvalidProducerEpochError InvalidProducerIdMappingError
        InvalidReceiveError InvalidShareSessionEpochError InvalidTxnStateError KafkaConnectionError
        KafkaProtocolError KafkaStorageError LeaderNotAvailableError ListenerNotFoundError LogDirNotFoundError
        MemberIdRequiredError MetadataEmptyBrokerList NetworkExceptionError NewLeaderElectedError NodeNotReadyError
        NotControllerError NotCoordinatorError NotEnoughReplicasAfterAppendError NotEnoughReplicasError
        NotLeaderForPartitionError OffsetNotAvailableError OutOfOrderSequenceNumberError
        PreferredLeaderNotAvailableError ProducerFencedError QuotaViolationError ReassignmentInProgressError
        RebalanceInProgressError ReplicaNotAvailableError RetriableError SaslAuthenticationFailedError
        SecurityDisabledError ShareSessionNotFoundError StaleBrokerEpochError StaleControllerEpochError
        StaleMemberEpochError StaleMetadata ThrottlingQuotaExceededError TooManyInFlightRequests
        TransactionAbortableError TransactionAbortedError TransactionCoordinatorFencedError
        UnknownBrokerIdError UnknownControllerIdError UnknownLeaderEpochError UnknownMemberIdError
        UnjoinedGroupException UnknownProducerIdError UnknownTopicIdError UnknownTopicOrPartitionError
        UnreleasedInstanceIdError UnstableOffsetCommitError UnsupportedSaslMechanismError
    """,
    ours.InvalidArgumentError: """
        IllegalArgumentError InconsistentGroupProtocolError InvalidConfigurationError InvalidGroupIdError
        InvalidPartitionsError InvalidReplicationAssignmentError InvalidReplicationFactorError
        InvalidRequiredAcksError InvalidSessionTimeoutError InvalidTopicError InvalidTransactionTimeoutError
        KafkaConfigurationError UnsupportedCodecError UnsupportedCompressionTypeError UnsupportedAssignorError
    """,
    ours.InvalidMessageError: """
        CorruptRecordError InvalidRecordError InvalidTimestampError MessageSizeTooLargeError RecordListTooLargeError
        RecordTooLargeError
    """,
    ours.PublishTimeoutError: "KafkaTimeoutError RequestTimedOutError",
    ours.UnsupportedOperationError: """
        IncompatibleBrokerVersion UnrecognizedBrokerVersion UnsupportedForMessageFormatError UnsupportedVersionError
    """,
    ours.SinetError: """
        BrokerResponseError DuplicateResourceError DuplicateSequenceNumberError DuplicateVoterError
        FeatureUpdateFailedError GroupSubscribedToTopicError IllegalStateError InconsistentClusterIdError
        InconsistentTopicIdError InconsistentVoterSetError InvalidCommitOffsetSizeError InvalidFetchRequestError
        InvalidPrincipalTypeError InvalidRecordStateError InvalidRegistrationError InvalidRequestError
        InvalidUpdateVersionError InvalidVoterKeyError KafkaError LogTruncationError MismatchedEndpointTypeError
        NoError NoOffsetForPartitionError NoReassignmentInProgressError NonEmptyGroupError OffsetMetadataTooLargeError
        OffsetMovedToTieredStorageError OffsetOutOfRangeError OperationNotAttemptedError PositionOutOfRangeError
        PrincipalDeserializationFailureError ResourceNotFoundError SnapshotNotFoundError TelemetryTooLargeError
        TopicAlreadyExistsError TopicDeletionDisabledError TransactionalIdNotFoundError UnacceptableCredentialError
        UnknownError UnknownSubscriptionIdError UnsupportedEndpointTypeError VoterNotFoundError
    """,
}

WRITING: dict[type[Exception], type[ours.SinetError]] = {
    getattr(module, name): ours
    for ours, names in _NAMES.items()
    for name in names.split()
    for module in MODULES
    if hasattr(module, name)
}
"""For writers. A release of kafka-python that lacks a name lacks the exception."""

READING = WRITING | {cls: ours.ConnectionError for cls, error in WRITING.items() if error is ours.PublishTimeoutError}
"""For readers, who publish nothing."""


def not_sent(error: Exception, *, size: int | None = None, limit: int | None = None) -> ours.SinetError:
    """What publishing failed with, for a message that kafka-python has not taken; `size` and `limit` if it is too large."""
    if isinstance(error, ours.SinetError):
        error.outcome = "not_sent"
        return error
    cls = next((WRITING[each] for each in type(error).__mro__ if each in WRITING), ours.SinetError)
    translated = cls(f"kafka: {type(error).__name__}: {error}", outcome="not_sent")
    translated.__cause__ = error
    if isinstance(error, MessageSizeTooLargeError):
        translated.size, translated.limit = size, limit
    return translated
