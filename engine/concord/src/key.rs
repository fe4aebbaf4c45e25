//! Index keys: the values that an index sorts by, and their one order-preserving encoding.
//!
//! Every local store keeps index entries as these bytes, so that `find` means the same in each. A store that indexes
//! documents natively reads the [`Scalar`]s instead. The encoding of a scalar is never a prefix of another's, so keys
//! over several fields are plain concatenations.

use std::ops::Bound;

use crate::{Id, Millis};

/// One value of an index key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// An absent value; sorts first.
    Null,
    /// False sorts before true.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, sorted by its bytes.
    Text(Box<str>),
}

impl Scalar {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Null => out.push(0),
            Self::Bool(value) => out.extend([1, u8::from(*value)]),
            Self::Int(value) => {
                out.push(2);
                // The flipped sign bit makes negative numbers sort below positive ones.
                out.extend((value ^ i64::MIN).to_be_bytes());
            }
            Self::Text(text) => {
                out.push(3);
                for byte in text.bytes() {
                    out.push(byte);
                    if byte == 0 {
                        out.push(0xFF); // a NUL inside, told apart from the end
                    }
                }
                out.extend([0, 0]);
            }
        }
    }
}

/// Concatenates the encodings of `scalars`.
///
/// ```
/// use concord::storage::{Scalar, encode};
///
/// let key = |n| encode(&[Scalar::Text("room".into()), Scalar::Int(n)]);
/// assert!(key(-1) < key(0) && key(0) < key(7));
/// ```
pub fn encode(scalars: &[Scalar]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(scalars.len() * 24);
    for scalar in scalars {
        scalar.encode(&mut out);
    }
    out.into_boxed_slice()
}

/// The half-open byte range `[from, to)` of all keys that begin with `prefix` and whose next scalar lies within the
/// bounds. No `to` means no end.
pub(crate) fn encoded_range(
    prefix: &[Scalar],
    lower: &Bound<Scalar>,
    upper: &Bound<Scalar>,
) -> (Vec<u8>, Option<Vec<u8>>) {
    let with = |scalar: &Scalar| {
        let mut key = encode(prefix).into_vec();
        scalar.encode(&mut key);
        key
    };
    let from = match lower {
        Bound::Unbounded => encode(prefix).into_vec(),
        Bound::Included(scalar) => with(scalar),
        // No scalar is encoded with a first byte of 0xFF, so there always is a successor.
        Bound::Excluded(scalar) => successor(with(scalar)).unwrap_or_default(),
    };
    let to = match upper {
        Bound::Unbounded => successor(encode(prefix).into_vec()),
        Bound::Included(scalar) => successor(with(scalar)),
        Bound::Excluded(scalar) => Some(with(scalar)),
    };
    (from, to)
}

/// The least byte string above everything that begins with `prefix`.
fn successor(mut prefix: Vec<u8>) -> Option<Vec<u8>> {
    while let Some(last) = prefix.pop() {
        if last < 0xFF {
            prefix.push(last + 1);
            return Some(prefix);
        }
    }
    None
}

/// What a field of a document must be to stand in an index.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be indexed",
    note = "an index is over ids, text, booleans, whole numbers, `Millis`, enums with `#[derive(Data)]`, and options of these"
)]
pub trait Key {
    /// The value as the index sorts it.
    fn scalar(&self) -> Scalar;
}

impl<T: ?Sized> Key for Id<T> {
    fn scalar(&self) -> Scalar {
        Scalar::Text(self.as_str().into())
    }
}

impl Key for String {
    fn scalar(&self) -> Scalar {
        Scalar::Text(self.as_str().into())
    }
}

impl Key for bool {
    fn scalar(&self) -> Scalar {
        Scalar::Bool(*self)
    }
}

impl Key for Millis {
    fn scalar(&self) -> Scalar {
        Scalar::Int(self.0)
    }
}

impl<K: Key> Key for Option<K> {
    fn scalar(&self) -> Scalar {
        self.as_ref().map_or(Scalar::Null, Key::scalar)
    }
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {$(
        impl Key for $number {
            fn scalar(&self) -> Scalar {
                Scalar::Int(i64::from(*self))
            }
        }
    )*};
}

whole_numbers!(i8 i16 i32 i64 u8 u16 u32);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scalar() -> impl Strategy<Value = Scalar> {
        prop_oneof![
            Just(Scalar::Null),
            any::<bool>().prop_map(Scalar::Bool),
            any::<i64>().prop_map(Scalar::Int),
            "[a\0\u{ff}é]{0,4}".prop_map(|text| Scalar::Text(text.into())),
        ]
    }

    proptest! {
        #[test]
        fn encoded_keys_sort_as_their_values_do(
            a in prop::collection::vec(scalar(), 2),
            b in prop::collection::vec(scalar(), 2),
        ) {
            prop_assert_eq!(a.cmp(&b), encode(&a).cmp(&encode(&b)));
        }

        #[test]
        fn a_range_holds_exactly_what_lies_within_its_bounds(
            prefix in scalar(), low in scalar(), high in scalar(), open: (bool, bool),
            value in scalar(), rest in scalar(),
        ) {
            let lower = if open.0 { Bound::Excluded(low.clone()) } else { Bound::Included(low.clone()) };
            let upper = if open.1 { Bound::Excluded(high.clone()) } else { Bound::Included(high.clone()) };
            let (from, to) = encoded_range(std::slice::from_ref(&prefix), &lower, &upper);
            let key = encode(&[prefix, value.clone(), rest]);
            let within = key[..] >= from[..] && to.is_none_or(|to| key[..] < to[..]);
            let above = if open.0 { value > low } else { value >= low };
            let below = if open.1 { value < high } else { value <= high };
            prop_assert_eq!(within, above && below);
        }
    }
}
