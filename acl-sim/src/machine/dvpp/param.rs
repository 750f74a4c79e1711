//! Settings that a program reads and writes by number, as bytes: what `…SetChannelDescParam` and
//! `…GetChannelDescParam` do for each kind of channel.

use acl_sys::ACL_ERROR_INVALID_PARAM;

use crate::machine::failure::{Result, fail};

/// Takes a value of exactly `N` bytes.
pub(crate) fn exact<const N: usize>(bytes: &[u8]) -> Result<[u8; N]> {
    bytes.try_into().map_err(|_| {
        fail!(
            ACL_ERROR_INVALID_PARAM,
            "the parameter has {} bytes, wanted {N}",
            bytes.len()
        )
    })
}

/// Settings of a channel that is only described so far. A description changes as a whole or not at
/// all: `check` sees the changed one first.
pub(crate) trait Params: Copy {
    /// Fails when a setting has no meaning.
    fn check(&self) -> Result<()>;

    /// Sets the parameter of a number, without a check of the value.
    fn put_param(&mut self, number: u32, bytes: &[u8]) -> Result<()>;

    /// Returns the parameter of a number.
    fn param(&self, number: u32) -> Result<Vec<u8>>;

    /// Changes the description, unless that would make it one without a meaning.
    fn change(&mut self, change: impl FnOnce(&mut Self) -> Result<()>) -> Result<()> {
        let mut changed = *self;
        change(&mut changed)?;
        changed.check()?;
        *self = changed;
        Ok(())
    }

    fn set_param(&mut self, number: u32, bytes: &[u8]) -> Result<()> {
        self.change(|desc| desc.put_param(number, bytes))
    }
}

/// Says that there is no parameter of a number.
pub(crate) fn unknown(number: u32) -> crate::machine::failure::Failure {
    fail!(
        ACL_ERROR_INVALID_PARAM,
        "there is no parameter {number} of this kind of channel"
    )
}

/// Gives a description its parameters by number: fields of numbers, in the host's byte order.
macro_rules! params {
    ($desc:ident, $check:ident; $($number:literal = $field:ident: $type:ty;)*) => {
        impl $crate::machine::dvpp::param::Params for $desc {
            fn check(&self) -> Result<()> {
                $desc::$check(self)
            }

            fn put_param(&mut self, number: u32, bytes: &[u8]) -> Result<()> {
                match number {
                    $($number => {
                        self.$field = <$type>::from_ne_bytes(
                            $crate::machine::dvpp::param::exact(bytes)?,
                        );
                    })*
                    _ => return Err($crate::machine::dvpp::param::unknown(number)),
                }
                Ok(())
            }

            fn param(&self, number: u32) -> Result<Vec<u8>> {
                Ok(match number {
                    $($number => self.$field.to_ne_bytes().to_vec(),)*
                    _ => return Err($crate::machine::dvpp::param::unknown(number)),
                })
            }
        }
    };
}

pub(crate) use params;
