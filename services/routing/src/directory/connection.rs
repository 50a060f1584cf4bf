use vestibule_kernel::ConnectionId;

/// A connection of an organization.
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) display_name: Box<str>,
    pub(crate) enabled: bool,
}

impl Connection {
    pub(super) const fn new(id: ConnectionId, display_name: Box<str>) -> Self {
        Self { id, display_name, enabled: false }
    }
}
