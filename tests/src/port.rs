use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};

/// A port on the loopback interface that nobody uses at this moment. Somebody else may take it before it is used:
/// [`crate::Launch`] takes another one then.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a free port")?;
    Ok(listener.local_addr()?.port())
}
