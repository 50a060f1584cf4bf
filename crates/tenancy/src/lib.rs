//! Organizations, domains, connections, people and user pools: pure domains.
