//! `Cast`: elements of one type become elements of another.

use acl_sys::ACL_ERROR_OP_ATTR_NOT_MATCH;

use super::numbers::{CASTABLE, Numbers};
use super::{Call, Plan};
use crate::machine::failure::{Result, fail};

pub(super) fn plan(call: &Call<'_>) -> Result<Plan> {
    let output = call.counts(1..=1)?;
    call.takes(0, CASTABLE)?;
    call.gives(CASTABLE)?;
    let (from, to) = (call.inputs[0].dtype, output.dtype);
    if let Some(wanted) = call.int("dst_type")?
        && wanted != i64::from(to.0)
    {
        return Err(fail!(
            ACL_ERROR_OP_ATTR_NOT_MATCH,
            "dst_type is {wanted}, and the output has the data type {}",
            to.0
        ));
    }
    Ok(Plan::one(call.inputs[0].dims.clone(), move |inputs| {
        Ok(Numbers::read(from, &inputs[0]).write(to))
    }))
}
