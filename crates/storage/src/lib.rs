//! What is durable beside the event log: sealed keys, expiring records, sign-in traces.
