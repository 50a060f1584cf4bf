//! Directories, as the SCIM edge and operators ask for them.

mod isolation;
mod large;
mod merged;
mod settings;
mod versions;
mod world;

/// The id of nothing.
const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8000";
