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

/// The encodings of the scalars in a key, one after the other.
///
/// ```
/// use concord::storage::{Scalar, encode, scalars};
///
/// let (name, number) = (Scalar::Text("a\0".into()), Scalar::Int(0));
/// let key = encode(&[name.clone(), number.clone()]);
/// assert!(scalars(&key).eq([&*encode(&[name]), &*encode(&[number])]));
/// ```
pub fn scalars(mut key: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = match *key.first()? {
            0 => 1,
            1 => 2,
            2 => 9,
            // A NUL inside a text is followed by another byte than NUL.
            _ => key.windows(2).position(|pair| pair == [0, 0]).map_or(key.len(), |end| end + 2),
        };
        let (scalar, rest) = key.split_at(length.min(key.len()));
        key = rest;
        Some(scalar)
    })
}

/// A range of an index: the keys that begin with `prefix` and whose next value lies within the bounds.
///
/// ```
/// use std::ops::Bound;
/// use concord::storage::{Range, Scalar, encode};
///
/// let of_ada = Range::new(vec![Scalar::Text("ada".into())], Bound::Included(Scalar::Int(1)), Bound::Unbounded);
/// let key = |n| encode(&[Scalar::Text("ada".into()), Scalar::Int(n)]);
/// assert!(of_ada.contains(&key(1)) && !of_ada.contains(&key(0)));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// The values of the index's first fields.
    pub prefix: Vec<Scalar>,
    /// The least value of the field after those.
    pub lower: Bound<Scalar>,
    /// The greatest value of the field after those.
    pub upper: Bound<Scalar>,
    /// As bytes, for stores that have those: half open, and without an end if there is none.
    from: Box<[u8]>,
    /// Bytes of `from` that are the prefix: a bound may raise the kind of the value after it, but nothing before.
    first: usize,
    to: Option<Box<[u8]>>,
}

impl Range {
    /// Encodes a range.
    pub fn new(prefix: Vec<Scalar>, lower: Bound<Scalar>, upper: Bound<Scalar>) -> Self {
        let first = encode(&prefix);
        let with = |scalar: &Scalar| {
            let mut key = first.to_vec();
            scalar.encode(&mut key);
            key
        };
        let from = match &lower {
            Bound::Unbounded => first.to_vec(),
            Bound::Included(scalar) => with(scalar),
            // No scalar is encoded with a first byte of 0xFF, so there always is a successor.
            Bound::Excluded(scalar) => successor(with(scalar)).unwrap_or_default(),
        };
        let to = match &upper {
            Bound::Unbounded => successor(first.to_vec()),
            Bound::Included(scalar) => successor(with(scalar)),
            Bound::Excluded(scalar) => Some(with(scalar)),
        };
        let (from, to) = (from.into_boxed_slice(), to.map(Vec::into_boxed_slice));
        Self { prefix, lower, upper, from, first: first.len(), to }
    }

    /// What all keys begin with.
    pub fn encoded_prefix(&self) -> &[u8] {
        &self.from[..self.first]
    }

    /// The least key, or what would be, and the least above all, if there is one. The range is empty if the second is
    /// not above the first.
    pub fn encoded(&self) -> (&[u8], Option<&[u8]>) {
        (&self.from, self.to.as_deref())
    }

    /// Whether a key lies within.
    pub fn contains(&self, key: &[u8]) -> bool {
        *self.from <= *key && self.to.as_deref().is_none_or(|to| key < to)
    }
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
            let key = encode(&[prefix.clone(), value.clone(), rest]);
            let range = Range::new(vec![prefix.clone()], lower, upper);
            prop_assert_eq!(range.encoded_prefix(), &*encode(&[prefix]));
            let within = range.contains(&key);
            let above = if open.0 { value > low } else { value >= low };
            let below = if open.1 { value < high } else { value <= high };
            prop_assert_eq!(within, above && below);
        }
    }
}
