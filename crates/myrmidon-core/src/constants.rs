//! Constants that other languages share: each is written once, here in Rust, and knows its own name.
//!
//! `constants!` declares a module of constants and, beside them, lists them in `ALL` for `myrmidon-codegen`.

/// One constant, for who writes it down in another language.
#[derive(Clone, Copy, Debug)]
pub struct Constant {
    /// Its name in Rust.
    pub name: &'static str,
    /// Its value.
    pub value: u32,
    /// The lines of its documentation, each with the space that follows the slashes.
    pub doc: &'static [&'static str],
}

/// Declares `pub mod name` with constants of one type, and lists them in `name::ALL`.
macro_rules! constants {
    (
        $(#[$about:meta])*
        pub mod $module:ident: $type:ty {
            $($(#[doc = $doc:literal])* $name:ident = $value:expr;)+
        }
    ) => {
        $(#[$about])*
        pub mod $module {
            $($(#[doc = $doc])* pub const $name: $type = $value;)+

            /// All of them, in order.
            #[allow(clippy::cast_lossless, clippy::unnecessary_cast, reason = "the type is the caller's choice")]
            pub const ALL: &[$crate::constants::Constant] = &[
                $($crate::constants::Constant { name: stringify!($name), value: $name as u32, doc: &[$($doc),*] }),+
            ];
        }
    };
}
pub(crate) use constants;
