//! Who may come.

use crate::cli::Access;
use crate::exit::Failure;
use crate::transport::Door;

pub(super) fn door(options: Access) -> Result<Door, Failure> {
    let Access {} = options;
    Ok(Door::default())
}
