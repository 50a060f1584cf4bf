//! Vestibule: every service in one process, the sandbox, and the operator's command line.

fn main() {}
