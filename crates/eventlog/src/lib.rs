//! The append-only event log: ports, group commit, execution of commands, projections, verification.
