use vestibule_kernel::Timestamp;

/// The protobuf form of a moment.
#[must_use]
pub fn proto_timestamp(moment: Timestamp) -> prost_types::Timestamp {
    let nanos = moment.unix_millis().rem_euclid(1000) * 1_000_000;
    prost_types::Timestamp { seconds: moment.unix_seconds(), nanos: i32::try_from(nanos).unwrap_or(0) }
}

/// The moment that a protobuf timestamp means, cut to milliseconds; `None` when its fields are out of range.
#[must_use]
pub fn from_proto_timestamp(timestamp: &prost_types::Timestamp) -> Option<Timestamp> {
    let in_range = timestamp.seconds >= 0 && (0..1_000_000_000).contains(&timestamp.nanos);
    let millis = timestamp.seconds.checked_mul(1000)?.checked_add(i64::from(timestamp.nanos) / 1_000_000)?;
    let moment = Timestamp::from_unix_millis(millis);
    (in_range && moment.unix_millis() == millis).then_some(moment)
}
