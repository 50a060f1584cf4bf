use vestibule_kernel::{DirectoryGroupId, DirectoryId, DirectoryUserId};

/// What can be asked of a directory's group.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Command {
    /// Begin to exist, without members.
    Create {
        /// Its id, for ever.
        group: DirectoryGroupId,
        /// The directory, for ever.
        directory: DirectoryId,
        /// Its name.
        display_name: String,
        /// The directory's own id of it.
        external_id: Option<String>,
    },
    /// Be called like that.
    Rename {
        /// Its name.
        display_name: String,
        /// The directory's own id of it.
        external_id: Option<String>,
        /// Whether members do not have yet what it means under the new name.
        is_unfinished: bool,
    },
    /// Have these members, too, and those no more.
    ChangeMembers {
        /// Who comes.
        added: Vec<DirectoryUserId>,
        /// Who goes.
        removed: Vec<DirectoryUserId>,
        /// Whether those who come and go do not know yet.
        is_unfinished: bool,
    },
    /// Be gone. Its members left before.
    Delete,
}
